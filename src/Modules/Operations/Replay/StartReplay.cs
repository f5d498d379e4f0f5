using Bxb.Modularity.Http;
using Bxb.Operations.Contracts;
using Bxb.Riders.Replays;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Replay;

/// <summary><c>POST /v1/pipeline/groups/{group}/replay</c>.</summary>
internal sealed class StartReplay(GroupReplays replays) : IApiCall
{
    private const int MaxBodyBytes = 64 * 1024;

    public async Task AnswerAsync(HttpContext context)
    {
        var body = await ApiBody.ReadAsync<ReplayBody>(context, MaxBodyBytes);
        var request = body.Read();
        ReplayStatus replay;
        try
        {
            replay = await replays.StartAsync(ReplayPath.Group(context), request, context.RequestAborted) ?? throw ReplayPath.NoGroup();
        }
        catch (ReplayRefusedException refused)
        {
            throw ReplayRefusals.Translate(refused, body);
        }

        await context.AnswerAsync(ReplayAnswer.Of(replay), StatusCodes.Status202Accepted);
    }
}
