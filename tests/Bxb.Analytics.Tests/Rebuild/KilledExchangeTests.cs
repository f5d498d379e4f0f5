using Bxb.Analytics.Tests.Loading;
using Bxb.ClickHouse;
using Bxb.Testing;

namespace Bxb.Analytics.Tests.Rebuild;

/// <summary>The exchange is interrupted at each of its statements, in each way. Loading continues, another attempt finishes the exchange, and no event is lost or counted twice.</summary>
public class KilledExchangeTests
{
    /// <summary>How a statement fails.</summary>
    public enum Fault
    {
        /// <summary>The statement does not arrive.</summary>
        Lost,

        /// <summary>The statement is executed, and its answer is lost.</summary>
        AnswerLost,

        /// <summary>The statement is executed, and no later one arrives, because the host is dead.</summary>
        Dead,
    }

    [Theory]
    [InlineData(Fault.Lost)]
    [InlineData(Fault.AnswerLost)]
    [InlineData(Fault.Dead)]
    public async Task Broken_off_anywhere_it_is_finished_by_the_next_attempt(Fault fault)
    {
        await using var path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        using var dying = new LoaderUnderTest(path.Url);
        using var live = new LoaderUnderTest(path.Direct);
        var worker = new SimulatedWorker(null, 0, 1);
        await worker.TakeOverAsync(live);
        long head = 0;
        for (var step = 0; ; step++)
        {
            await GoOnAsync(live, worker, head + 60);
            var upTo = head + 50;
            path.OnStatement = null;
            var shadow = dying.OpenShadow(null);
            await shadow.OpenAsync(step, default);
            await RebuildTests.LoadAsync(shadow, 1, upTo);
            await shadow.CheckpointAsync(default);

            // A row is missing in the live table, so that the two tables can be told apart.
            await live.Client.ExecuteAsync(new($"ALTER TABLE usage DELETE WHERE position = {head + 1} SETTINGS mutations_sync = 1"));
            var statements = 0;
            var broken = false;
            path.OnStatement = async (sql, context, pass) =>
            {
                // A failed query has the same effect as a failure before the next statement.
                var at = sql.StartsWith("SELECT", StringComparison.Ordinal) || sql.StartsWith("KILL", StringComparison.Ordinal) ? -1 : statements++;
                if (at < step || (at > step && fault != Fault.Dead))
                {
                    await pass();
                    return;
                }

                broken = true;
                if (at == step && fault != Fault.Lost)
                {
                    await pass();
                }

                context.Abort();
            };
            var failure = await Record.ExceptionAsync(() => shadow.SwapAsync(upTo, default));
            if (!broken)
            {
                failure.ShouldBeNull();
                break;
            }

            failure.ShouldBeOfType<ClickHouseException>($"step {step}");

            // A pause that could not be ended keeps the loader waiting; otherwise it continues at once.
            if (!await worker.LoadAsync(live, head + 70) && !await worker.LoadAsync(live, head + 70))
            {
                fault.ShouldNotBe(Fault.AnswerLost, $"step {step}");
            }

            await live.OpenShadow(null).SwapAsync(upTo, default);
            await GoOnAsync(live, worker, head + 80);
            head += 80;
            await live.HoldsExactlyAsync(1, head);
            (await RebuildTests.TablesAsync(live)).ShouldBe(1, $"step {step}");
        }

        await GoOnAsync(live, worker, head + 80);
        await live.HoldsExactlyAsync(1, head + 80);
    }

    private static async Task GoOnAsync(LoaderUnderTest live, SimulatedWorker worker, long upTo)
    {
        for (var tries = 0; worker.Progress < upTo; tries++)
        {
            tries.ShouldBeLessThan(10);
            await worker.LoadAsync(live, upTo);
        }
    }
}
