using System.Globalization;
using System.Text.Json;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using Bxb.Riders;

namespace Bxb.Host.Operations;

/// <summary>
/// What consumer groups could not process: listed, delivered again, or given up. An API key sees the dead letters of its own organization; the admin token all.
/// </summary>
internal static class DeadLetterEndpoints
{
    private const int MaxBodyBytes = 16 * 1024;
    private const int MaxReasonCharacters = 1000;
    private static readonly TimeSpan Farthest = TimeSpan.FromDays(365_000);

    public static void MapDeadLetters(this IEndpointRouteBuilder endpoints)
    {
        var letters = endpoints.MapGroup("/v1/dead_letters").WithTags("Operation").RequireScope(ApiScopes.Manage | ApiScopes.Admin);
        letters.MapGet("", ListAsync)
            .AllowQuery(
                new QueryParameter("group", "Of this consumer group."), new QueryParameter("code", "Of events of this code."),
                new QueryParameter("since", "First failed at or after this time, ISO 8601 with offset."), QueryParameter.Limit(50, 1000), QueryParameter.Cursor)
            .WithName("ListDeadLetters").WithSummary("The records that consumer groups could not process, the newest first.")
            .Produces<DeadLetterPage>().Problems(ErrorCode.InvalidParameter);
        letters.MapPost("/{id}/requeue", RequeueAsync)
            .AllowQuery().DescribePath("id", "The dead letter's number.")
            .WithName("RequeueDeadLetter").WithSummary("Delivers the record to its group again.")
            .Produces<DeadLetterAnswer>().Problems(ErrorCode.NotFound);
        letters.MapPost("/{id}/discard", DiscardAsync)
            .AllowQuery().DescribePath("id", "The dead letter's number.").Accepts<DiscardRequest>("application/json")
            .WithName("DiscardDeadLetter").WithSummary("Gives the record up for its group, with a reason.")
            .Produces<DeadLetterAnswer>()
            .Problems(
                ErrorCode.InvalidJson, ErrorCode.InvalidUtf8, ErrorCode.DuplicateMember, ErrorCode.ValidationFailed, ErrorCode.PayloadTooLarge, ErrorCode.UnsupportedMediaType,
                ErrorCode.NotFound);
    }

    private static async Task<IResult> ListAsync(HttpContext context, DeadLetters letters)
    {
        var limit = ApiQuery.Limit(context, 50, 1000);
        var found = await letters.ListAsync(
            new DeadLetterFilter(ApiQuery.Text(context, "group"), ApiQuery.Text(context, "code"), Since(context), OrganizationOf(context), Cursor(context), limit),
            context.RequestAborted);
        return Results.Json(
            new DeadLetterPage([.. found.Select(Answer)], found.Count == limit ? ApiQuery.CursorOf(found[^1].Id.ToString(CultureInfo.InvariantCulture)) : null), ApiJson.Options);
    }

    private static async Task<IResult> RequeueAsync(HttpContext context, string id, DeadLetters letters)
        => Found(await letters.RequeueAsync(Id(id), OrganizationOf(context), context.RequestAborted));

    private static async Task<IResult> DiscardAsync(HttpContext context, string id, DeadLetters letters)
    {
        var request = await ApiBody.ReadAsync<DiscardRequest>(context, MaxBodyBytes);
        if (string.IsNullOrWhiteSpace(request.Reason) || request.Reason.Length > MaxReasonCharacters || request.Reason.Contains('\0'))
        {
            throw new ApiException(
                ErrorCode.ValidationFailed, "A record is given up for a reason only.", [new ApiFault("/reason", $"must be a text of 1 to {MaxReasonCharacters} characters without NUL")]);
        }

        return Found(await letters.DiscardAsync(Id(id), request.Reason, OrganizationOf(context), context.RequestAborted));
    }

    private static IResult Found(DeadLetter? letter)
        => letter is null ? throw new ApiException(ErrorCode.NotFound, "There is no dead letter of this number.") : Results.Json(Answer(letter), ApiJson.Options);

    private static DeadLetterAnswer Answer(DeadLetter letter) => new(
        letter.Id, letter.Group, letter.Position, letter.Code, letter.State, letter.Reason, letter.Attempts, letter.CreatedAt, letter.Note,
        JsonDocument.Parse(letter.Record).RootElement);

    private static int? OrganizationOf(HttpContext context) => context.Caller() is { IsAdmin: false } caller ? caller.OrganizationId : null;

    private static long Id(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    private static long? Cursor(HttpContext context) => ApiQuery.Cursor(context) switch
    {
        null => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) => id,
        _ => throw ApiQuery.Invalid("cursor", "must be the next_cursor of an earlier answer"),
    };

    private static DateTimeOffset? Since(HttpContext context) => ApiQuery.Text(context, "since") switch
    {
        null => null,
        var text when text.IndexOfAny(['+', 'Z', 'z']) > 0 && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            && time - DateTimeOffset.UnixEpoch < Farthest => time.ToUniversalTime(),
        _ => throw ApiQuery.Invalid("since", "must be a time in ISO 8601 with an offset"),
    };
}

/// <summary>Why a record is given up.</summary>
internal sealed record DiscardRequest(string? Reason);

/// <summary>A page of dead letters.</summary>
internal sealed record DeadLetterPage(IReadOnlyList<DeadLetterAnswer> DeadLetters, string? NextCursor);

/// <summary>A dead letter as the API shows it: the record whole, the failure in one line, nothing of the inside.</summary>
internal sealed record DeadLetterAnswer(
    long Id, string Group, long Position, string Code, DeadLetterState State, string Reason, int Attempts, DateTimeOffset CreatedAt, string? Note, JsonElement Record);
