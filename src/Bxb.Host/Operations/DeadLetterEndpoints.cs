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
    private const int MaxIds = 1000;

    public static void MapDeadLetters(this IEndpointRouteBuilder endpoints)
    {
        var letters = endpoints.MapGroup("/v1/dead_letters").WithTags("Operation").RequireScope(ApiScopes.Manage | ApiScopes.Admin);
        letters.MapGet("", ListAsync)
            .AllowQuery(
                new QueryParameter("group", "Of this consumer group."), new QueryParameter("code", "Of events of this code."),
                new QueryParameter("since", "First failed at or after this time. " + QueryParameter.TimeForms), QueryParameter.Limit(50, 1000), QueryParameter.Cursor)
            .WithName("ListDeadLetters").WithSummary("The records that consumer groups could not process, the newest first.")
            .Produces<DeadLetterPage>().Problems(ErrorCode.InvalidParameter);
        letters.MapPost("/requeue", RequeueManyAsync)
            .AllowQuery().Accepts<RequeueRequest>("application/json")
            .WithName("RequeueDeadLetters").WithSummary("Delivers dead letters of a group to it again, the oldest first; at most 10,000 at once.")
            .Produces<RequeueAnswer>()
            .Problems([.. ApiBody.Errors]);
        letters.MapPost("/{id}/requeue", RequeueAsync)
            .AllowQuery().DescribePath("id", "The dead letter's number.")
            .WithName("RequeueDeadLetter").WithSummary("Delivers the record to its group again; writes one of the relay to the topic.")
            .Produces<DeadLetterAnswer>().Problems(ErrorCode.NotFound, ErrorCode.NothingToDeliver);
        letters.MapPost("/{id}/discard", DiscardAsync)
            .AllowQuery().DescribePath("id", "The dead letter's number.").Accepts<DiscardRequest>("application/json")
            .WithName("DiscardDeadLetter").WithSummary("Gives the record up for its group, with a reason.")
            .Produces<DeadLetterAnswer>()
            .Problems([.. ApiBody.Errors, ErrorCode.NotFound]);
    }

    private static async Task<IResult> ListAsync(HttpContext context, DeadLetters letters)
    {
        var limit = ApiQuery.Limit(context, 50, 1000);
        var found = await letters.ListAsync(
            new DeadLetterFilter(ApiQuery.Text(context, "group"), ApiQuery.Text(context, "code"), ApiQuery.Time(context, "since"), OrganizationOf(context), Cursor(context), limit),
            context.RequestAborted);
        return Results.Json(
            new DeadLetterPage([.. found.Select(Answer)], found.Count == limit ? ApiQuery.CursorOf(found[^1].Id.ToString(CultureInfo.InvariantCulture)) : null), ApiJson.Options);
    }

    private static async Task<IResult> RequeueAsync(HttpContext context, string id, DeadLetters letters)
    {
        var letter = await letters.RequeueAsync(Id(id), OrganizationOf(context), context.RequestAborted);
        return letter is { Position: 0 }
            ? throw new ApiException(
                ErrorCode.NothingToDeliver, "The record could not be read, so it is no event of the log; whoever wrote it into the topic may write it anew. It can be discarded with a reason.")
            : Found(letter);
    }

    private static async Task<IResult> RequeueManyAsync(HttpContext context, DeadLetters letters)
    {
        var request = await ApiBody.ReadAsync<RequeueRequest>(context, MaxBodyBytes);
        if (string.IsNullOrEmpty(request.Group) || request.Ids?.Count > MaxIds)
        {
            throw new ApiException(
                ErrorCode.ValidationFailed, "Dead letters are requeued by their group.",
                string.IsNullOrEmpty(request.Group) ? [new ApiFault("/group", "must name the consumer group")] : [new ApiFault("/ids", $"must be at most {MaxIds} numbers")]);
        }

        var requeued = await letters.RequeueManyAsync(
            new DeadLetterSelection(request.Group, request.Code, request.Since, request.Ids, OrganizationOf(context)), context.RequestAborted);
        return Results.Json(new RequeueAnswer(requeued), ApiJson.Options);
    }

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
        letter.Id, letter.Group, letter.Position, letter.Topic, letter.Topic is null ? null : letter.Partition, letter.Offset, letter.Code, letter.State, letter.Reason, letter.Attempts, letter.CreatedAt, letter.Note,
        JsonDocument.Parse(letter.Record).RootElement);

    private static int? OrganizationOf(HttpContext context) => context.Caller() is { IsAdmin: false } caller ? caller.OrganizationId : null;

    private static long Id(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    private static long? Cursor(HttpContext context) => ApiQuery.Cursor(context) switch
    {
        null => null,
        var text when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) => id,
        _ => throw ApiQuery.Invalid("cursor", "must be the next_cursor of an earlier answer"),
    };
}

/// <summary>Why a record is given up.</summary>
internal sealed record DiscardRequest(string? Reason);

/// <summary>Which dead letters to deliver again.</summary>
/// <param name="Group">Of this consumer group; required.</param>
/// <param name="Code">Of events of this code.</param>
/// <param name="Since">First failed at or after this time.</param>
/// <param name="Ids">These, discarded ones too; at most 1,000. Without numbers, those only that wait for a decision.</param>
internal sealed record RequeueRequest(string? Group, string? Code, DateTimeOffset? Since, IReadOnlyList<long>? Ids);

/// <summary>How many will be delivered again.</summary>
internal sealed record RequeueAnswer(int Requeued);

/// <summary>A page of dead letters.</summary>
internal sealed record DeadLetterPage(IReadOnlyList<DeadLetterAnswer> DeadLetters, string? NextCursor);

/// <summary>A dead letter as the API shows it: the record whole, the failure in one line, nothing of the inside.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Group">The consumer group that failed; <c>relay</c> for an event that is too large for the topic, which consumer groups have read from the log.</param>
/// <param name="Position">The event's place in the log; 0 for a record of the topic that could not be read, and is no event.</param>
/// <param name="Topic">The topic that it was read from, or is too large for; absent when it was read from the log.</param>
/// <param name="Partition">The partition of the topic.</param>
/// <param name="Offset">Its offset there.</param>
/// <param name="Code">The event's code.</param>
/// <param name="State">What is to become of it.</param>
/// <param name="Reason">The failure in one line.</param>
/// <param name="Attempts">How often it failed.</param>
/// <param name="CreatedAt">When it first did.</param>
/// <param name="Note">The reason of a discard.</param>
/// <param name="Record">The event, whole.</param>
internal sealed record DeadLetterAnswer(
    long Id, string Group, long Position, string? Topic, int? Partition, long? Offset, string Code, DeadLetterState State, string Reason, int Attempts, DateTimeOffset CreatedAt, string? Note, JsonElement Record);
