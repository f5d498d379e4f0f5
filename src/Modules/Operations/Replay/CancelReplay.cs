using Bxb.Modularity.Http;
using Bxb.Operations.Contracts;
using Bxb.Riders.Replay;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Replay;

/// <summary><c>DELETE /v1/pipeline/groups/{group}/replays/{id}</c>. Waits up to 5 s for the end, so most answers show it.</summary>
internal sealed class CancelReplay(Replays replays, TimeProvider time) : IApiCall
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    public async Task AnswerAsync(HttpContext context)
    {
        ReplayStatus replay;
        try
        {
            replay = await CancelAsync(ReplayPath.Group(context), context.PathId(), context.RequestAborted);
        }
        catch (ReplayRefusedException refused)
        {
            throw ReplayRefusals.Translate(refused, body: null);
        }

        await context.AnswerAsync(ReplayAnswer.Of(replay));
    }

    private async Task<ReplayStatus> CancelAsync(string group, long id, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var replay = await replays.CancelAsync(group, id, cancellationToken) ?? throw ReplayPath.NoReplay();
        while (!replay.IsOver && time.GetElapsedTime(started) < Patience)
        {
            await Task.Delay(Interval, time, cancellationToken);
            replay = await replays.GetAsync(group, id, cancellationToken) ?? throw ReplayPath.NoReplay();
        }

        return replay;
    }
}
