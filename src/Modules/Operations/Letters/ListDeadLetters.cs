using System.Globalization;
using Bxb.Modularity.Http;
using Bxb.Riders;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Letters;

/// <summary>A page of dead letters.</summary>
internal sealed record DeadLetterPage(IReadOnlyList<DeadLetterAnswer> DeadLetters, string? NextCursor);

/// <summary><c>GET /v1/dead_letters</c>.</summary>
internal sealed class ListDeadLetters(DeadLetters letters) : IApiCall
{
    public const int DefaultLimit = 50;
    public const int MaxLimit = 1000;

    public async Task AnswerAsync(HttpContext context)
    {
        var limit = ApiQuery.Limit(context, DefaultLimit, MaxLimit);
        var filter = new DeadLetterFilter(
            ApiQuery.Text(context, "group"), ApiQuery.Text(context, "code"), ApiQuery.Time(context, "since"), DeadLetterRequest.OrganizationOf(context), Before(context), limit);
        var found = await letters.ListAsync(filter, context.RequestAborted);
        await context.AnswerAsync(new DeadLetterPage(
            [.. found.Select(DeadLetterAnswer.Of)], found.Count == limit ? ApiQuery.CursorOf(found[^1].Id.ToString(CultureInfo.InvariantCulture)) : null));
    }

    private static long? Before(HttpContext context) => ApiQuery.Cursor(context) switch
    {
        null => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) => id,
        _ => throw ApiQuery.Invalid("cursor", "must be the next_cursor of an earlier answer"),
    };
}
