using Bxb.Modularity.Http;
using Bxb.Operations.Contracts;
using Bxb.Riders.Replay;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Replay;

/// <summary><c>GET /v1/pipeline/groups/{group}/replays/{id}</c>.</summary>
internal sealed class GetReplay(Replays replays) : IApiCall
{
    public async Task AnswerAsync(HttpContext context)
    {
        var replay = await replays.GetAsync(ReplayPath.Group(context), context.PathId(), context.RequestAborted) ?? throw ReplayPath.NoReplay();
        await context.AnswerAsync(ReplayAnswer.Of(replay));
    }
}
