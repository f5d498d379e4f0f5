using Bxb.EventLog;
using Bxb.Operations.Pipeline;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Bxb.Operations.Tests.Pipeline;

public sealed class LatestAnswerTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly Queue<TaskCompletionSource<string>> _asked = new();
    private readonly LatestAnswer<string> _latest;
    private int _questions;

    public LatestAnswerTests() => _latest = new LatestAnswer<string>(
        () =>
        {
            var answer = new TaskCompletionSource<string>();
            lock (_asked)
            {
                _questions++;
                _asked.Enqueue(answer);
            }

            return answer.Task;
        },
        new OutageLog(NullLogger.Instance, "X", _clock),
        _clock);

    [Fact]
    public async Task Without_an_answer_in_time_the_last_one_is_given_with_its_time()
    {
        var first = _latest.GetAsync(CancellationToken.None);
        (await NextAsync()).SetResult("one");
        (await first).ShouldBe(new Known<string>("one", _clock.GetUtcNow(), IsCurrent: true));
        var at = _clock.GetUtcNow();
        _clock.Advance(TimeSpan.FromMinutes(1));

        using var deadline = new CancellationTokenSource();
        var late = _latest.GetAsync(deadline.Token);
        var hanging = await NextAsync();
        await deadline.CancelAsync();
        (await late).ShouldBe(new Known<string>("one", at, IsCurrent: false));

        // It is not asked again while the question hangs.
        (await _latest.GetAsync(deadline.Token)).IsCurrent.ShouldBeFalse();
        _questions.ShouldBe(2);
        hanging.SetException(new IOException("away"));
    }

    [Fact]
    public async Task A_question_that_fails_is_answered_with_what_is_known()
    {
        var answer = _latest.GetAsync(CancellationToken.None);
        (await NextAsync()).SetException(new IOException("away"));
        (await answer).ShouldBe(new Known<string>(null, null, IsCurrent: false));
    }

    [Fact]
    public async Task A_question_that_was_under_way_is_asked_again_for_the_next_caller()
    {
        var first = _latest.GetAsync(CancellationToken.None);
        var under = await NextAsync();
        var second = _latest.GetAsync(CancellationToken.None);
        under.SetResult("old");
        (await first).Value.ShouldBe("old");
        (await NextAsync()).SetResult("new");
        (await second).ShouldBe(new Known<string>("new", _clock.GetUtcNow(), IsCurrent: true));
    }

    private async Task<TaskCompletionSource<string>> NextAsync()
    {
        TaskCompletionSource<string>? next = null;
        await Eventually.HoldsAsync(() =>
        {
            lock (_asked)
            {
                return _asked.TryDequeue(out next);
            }
        });
        return next!;
    }
}
