using Bxb.Modularity.Http;
using Bxb.Operations.Contracts;
using Bxb.Riders.Replay;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Replay;

/// <summary>Replays of a group, the newest first.</summary>
internal sealed record ReplayList(IReadOnlyList<ReplayAnswer> Replays);

/// <summary><c>GET /v1/pipeline/groups/{group}/replays</c>.</summary>
internal sealed class ListReplays(Replays replays) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var found = await replays.ListAsync(ReplayPath.Group(context), context.RequestAborted) ?? throw ReplayPath.NoGroup();
        await context.AnswerAsync(new ReplayList([.. found.Select(ReplayAnswer.Of)]));
    }
}
