using Bxb.Modularity.Http;
using Bxb.Riders;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Letters;

/// <summary>A page of dead letters.</summary>
internal sealed record DeadLetterPage(IReadOnlyList<DeadLetterAnswer> DeadLetters, string? NextCursor);

/// <summary><c>GET /v1/dead_letters</c>.</summary>
internal sealed class ListDeadLetters(DeadLetterQueue letters) : IApiCall
{
    private const string List = "dead_letters";

    public const int DefaultLimit = 50;
    public const int MaxLimit = 1000;

    public async Task AnswerAsync(HttpContext context)
    {
        var limit = ApiQuery.Limit(context, DefaultLimit, MaxLimit);
        var organization = DeadLetterRequest.OrganizationOf(context);
        var before = PageCursor.ReadNumber(context, List, organization ?? 0);
        var filter = new DeadLetterFilter(ApiQuery.Text(context, "group"), ApiQuery.Text(context, "code"), ApiQuery.Time(context, "since"), organization, before, limit);
        var found = await letters.ListAsync(filter, context.RequestAborted);
        await context.AnswerAsync(new DeadLetterPage([.. found.Select(DeadLetterAnswer.Of)], found.Count == limit ? PageCursor.After(List, organization ?? 0, found[^1].Id) : null));
    }
}
