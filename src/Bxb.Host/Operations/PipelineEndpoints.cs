using System.Text.Json;
using Bxb.EventLog.Reading;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Modularity.Json;
using Bxb.Riders;

namespace Bxb.Host.Operations;

/// <summary><c>GET /v1/pipeline</c>: where every consumer group stands, and whether the stores answer.</summary>
internal static class PipelineEndpoints
{
    public static void MapPipeline(this IEndpointRouteBuilder endpoints) => endpoints
        .MapGet("/v1/pipeline", AnswerAsync)
        .AllowQuery()
        .RequireScope(ApiScopes.Manage | ApiScopes.Admin)
        .WithName("GetPipeline").WithTags("Operation").WithSummary("Where every consumer group stands, and whether the stores answer.")
        .Produces<PipelineAnswer>();

    private static async Task<IResult> AnswerAsync(SettledPosition settled, ConsumerGroups groups, StoreProbe stores, CancellationToken cancellationToken)
    {
        var position = await settled.RefreshAsync(cancellationToken);
        var states = await groups.ListAsync(cancellationToken);
        return Results.Json(
            new PipelineAnswer(
                new LogState(settled.Head, position),
                "postgresql",
                [.. states.Select(s => new GroupState(s.Group, s.Position, s.LagEvents, Math.Round(s.LagSeconds, 3), s.State.ToString().ToLowerInvariant(), s.Error))],
                await stores.ProbeAsync(cancellationToken)),
            ApiJson.Options);
    }
}

/// <summary>The pipeline as the API shows it.</summary>
internal sealed record PipelineAnswer(LogState Log, string Transport, IReadOnlyList<GroupState> Groups, IReadOnlyDictionary<string, StoreState> Stores);

/// <summary>The log's last position, and the position below which nothing can still appear.</summary>
internal sealed record LogState(long Head, long Settled);

/// <summary>One consumer group.</summary>
internal sealed record GroupState(string Group, long Position, long LagEvents, double LagSeconds, string State, string? Error);

/// <summary>One store.</summary>
internal sealed record StoreState(bool Available);
