using System.Globalization;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using Bxb.Riders.Replay;

namespace Bxb.Host.Operations;

/// <summary>
/// Replays of consumer groups: asked for, followed, cancelled. A group holds the events of all organizations, so asking and cancelling are the admin token's, and anybody's with the scope
/// manage only on a host that has no admin token, where there is one organization.
/// </summary>
internal static class ReplayEndpoints
{
    private const int MaxBodyBytes = 64 * 1024;
    private static readonly TimeSpan CancelPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CancelInterval = TimeSpan.FromMilliseconds(50);

    public static void MapReplays(this IEndpointRouteBuilder endpoints, bool hasAdminToken)
    {
        var decides = hasAdminToken ? ApiScopes.Admin : ApiScopes.Manage;
        var group = endpoints.MapGroup("/v1/pipeline/groups/{group}").WithTags("Operation").RequireScope(ApiScopes.Manage | ApiScopes.Admin);
        group.MapPost("/replay", StartAsync).RequireScope(decides)
            .AllowQuery().DescribePath("group", "The consumer group.").Accepts<ReplayBody>("application/json")
            .WithName("StartReplay").WithSummary("Delivers again what a consumer group has processed.")
            .Produces<ReplayAnswer>(StatusCodes.Status202Accepted)
            .Problems([.. ApiBody.Errors, ErrorCode.PositionBeyondHead, ErrorCode.NotFound, ErrorCode.ReplayRunning]);
        group.MapGet("/replays", ListAsync)
            .AllowQuery().DescribePath("group", "The consumer group.")
            .WithName("ListReplays").WithSummary("The replays of a consumer group, the newest first; at most 100.")
            .Produces<ReplayList>().Problems(ErrorCode.NotFound);
        group.MapGet("/replays/{id}", GetAsync)
            .AllowQuery().DescribePath("group", "The consumer group.").DescribePath("id", "The replay's number.")
            .WithName("GetReplay").WithSummary("A replay and how far it is.")
            .Produces<ReplayAnswer>().Problems(ErrorCode.NotFound);
        group.MapDelete("/replays/{id}", CancelAsync).RequireScope(decides)
            .AllowQuery().DescribePath("group", "The consumer group.").DescribePath("id", "The replay's number.")
            .WithName("CancelReplay").WithSummary("Ends a replay early; the group goes on from where it was.")
            .Produces<ReplayAnswer>().Problems(ErrorCode.NotFound, ErrorCode.TooLate);
    }

    private static async Task<IResult> StartAsync(HttpContext context, string group, Replays replays)
    {
        var body = await ApiBody.ReadAsync<ReplayBody>(context, MaxBodyBytes);
        var request = body.Read();
        try
        {
            var replay = await replays.StartAsync(group, request, context.RequestAborted) ?? throw NoGroup();
            return Results.Json(ReplayAnswer.Of(replay), ApiJson.Options, statusCode: StatusCodes.Status202Accepted);
        }
        catch (ReplayRefusedException refused)
        {
            throw Translate(refused, body);
        }
    }

    private static async Task<IResult> ListAsync(HttpContext context, string group, Replays replays)
        => Results.Json(new ReplayList([.. (await replays.ListAsync(group, context.RequestAborted) ?? throw NoGroup()).Select(ReplayAnswer.Of)]), ApiJson.Options);

    private static async Task<IResult> GetAsync(HttpContext context, string group, string id, Replays replays)
        => Results.Json(ReplayAnswer.Of(await replays.GetAsync(group, Id(id), context.RequestAborted) ?? throw NoReplay()), ApiJson.Options);

    /// <summary>Waits a moment for the end, so that most answers tell it.</summary>
    private static async Task<IResult> CancelAsync(HttpContext context, string group, string id, Replays replays, TimeProvider time)
    {
        try
        {
            var started = time.GetTimestamp();
            var replay = await replays.CancelAsync(group, Id(id), context.RequestAborted) ?? throw NoReplay();
            while (!replay.IsOver && time.GetElapsedTime(started) < CancelPatience)
            {
                await Task.Delay(CancelInterval, time, context.RequestAborted);
                replay = await replays.GetAsync(group, Id(id), context.RequestAborted) ?? throw NoReplay();
            }

            return Results.Json(ReplayAnswer.Of(replay), ApiJson.Options);
        }
        catch (ReplayRefusedException refused)
        {
            throw Translate(refused, body: null);
        }
    }

    private static ApiException Translate(ReplayRefusedException refused, ReplayBody? body) => refused.Refusal switch
    {
        ReplayRefusal.AlreadyRunning => new ApiException(ErrorCode.ReplayRunning, refused.Message),
        ReplayRefusal.TooLate => new ApiException(ErrorCode.TooLate, refused.Message),
        ReplayRefusal.Unavailable => new ApiException(ErrorCode.Unavailable, refused.Message, retryAfter: TimeSpan.FromSeconds(5)),
        ReplayRefusal.BeyondHead => new ApiException(ErrorCode.PositionBeyondHead, refused.Message, Faults(refused, body)),
        _ => new ApiException(ErrorCode.ValidationFailed, refused.Message, Faults(refused, body)),
    };

    private static IReadOnlyList<ApiFault> Faults(ReplayRefusedException refused, ReplayBody? body)
        => body is null ? [] : [new ApiFault(body.PointerOf(refused.Member), refused.Message)];

    private static ApiException NoGroup() => new(ErrorCode.NotFound, "There is no consumer group of this name.");

    private static ApiException NoReplay() => new(ErrorCode.NotFound, "The group has no replay of this number.");

    private static long Id(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;
}
