using Bxb.ClickHouse;
using Bxb.Embedded;
using Bxb.Riders;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>The engine's data become older than what was acknowledged, as after a power loss or when an older copy is put back.</summary>
public class DataDirectoryTests
{
    [Fact]
    public async Task An_older_copy_put_back_between_two_runs_is_noticed_and_the_gap_filled()
    {
        var folder = await TestDirectories.CreateAsync("older");
        await RunAsync(folder, async host =>
        {
            (await host.TakeOverAsync()).ShouldBe(0);
            await host.LoadAsync(1, 1_000);
            (await host.CheckpointAsync()).ShouldBe(1_000);
            await host.LoadAsync(1_001, 1_200);
        });
        var copy = await TestDirectories.CreateAsync("copy");
        Copy(Path.Combine(folder, "clickhouse"), copy);
        await RunAsync(folder, async host =>
        {
            (await host.TakeOverAsync()).ShouldBe(1_000);
            await host.LoadAsync(1_001, 1_200, isRepeat: true);
            await host.LoadAsync(1_201, 3_000);
            (await host.CheckpointAsync()).ShouldBe(3_000);
        });

        Directory.Delete(Path.Combine(folder, "clickhouse"), recursive: true);
        Copy(copy, Path.Combine(folder, "clickhouse"));
        await RunAsync(folder, async host =>
        {
            (await host.TakeOverAsync()).ShouldBe(1_000);
            await host.HoldsExactlyAsync(1, 1_200);
            await host.LoadAsync(1_001, 2_000, isRepeat: true);
            await host.LoadAsync(2_001, 3_000, isRepeat: true);
            await host.LoadAsync(3_001, 3_100);
            await host.HoldsExactlyAsync(1, 3_100);
        });
    }

    [Fact]
    public async Task An_engine_that_comes_back_in_the_life_of_the_host_sends_the_group_back_to_the_checkpoint()
    {
        var folder = await TestDirectories.CreateAsync("restarted");
        var engine = await StartAsync(folder);
        using var host = new LoaderUnderTest(engine.Url);
        await host.TakeOverAsync();
        await host.LoadAsync(1, 100);
        await host.CheckpointAsync();
        await engine.DisposeAsync();
        var copy = await TestDirectories.CreateAsync("before");
        Copy(Path.Combine(folder, "clickhouse"), copy);
        await (await StartAsync(folder)).DisposeAsync();

        // The same epoch, other rows: only the instance name tells that the engine was restarted.
        await using (await StartAsync(folder))
        {
            (await Should.ThrowAsync<ProgressLostException>(() => host.LoadAsync(101, 200))).DurablePosition.ShouldBe(100);
            await host.LoadAsync(101, 200, isRepeat: true);
            await host.LoadAsync(201, 300);
        }

        (await Should.ThrowAsync<ClickHouseException>(() => host.LoadAsync(301, 400))).IsTransient.ShouldBeTrue();
        Directory.Delete(Path.Combine(folder, "clickhouse"), recursive: true);
        Copy(copy, Path.Combine(folder, "clickhouse"));
        await using (await StartAsync(folder))
        {
            (await Should.ThrowAsync<ProgressLostException>(() => host.LoadAsync(301, 400, isRepeat: true))).DurablePosition.ShouldBe(100);
            await host.LoadAsync(101, 300, isRepeat: true);
            await host.LoadAsync(301, 400, isRepeat: true);
            await host.HoldsExactlyAsync(1, 400);
        }
    }

    [Fact]
    public async Task An_empty_directory_is_filled_from_the_beginning()
    {
        var folder = await TestDirectories.CreateAsync("emptied");
        await RunAsync(folder, async host =>
        {
            await host.TakeOverAsync();
            await host.LoadAsync(1, 100);
            await host.CheckpointAsync();
        });
        await EmbeddedClickHouse.RemoveAsync(folder, default);
        await RunAsync(folder, async host =>
        {
            (await host.TakeOverAsync()).ShouldBe(0);
            await host.LoadAsync(1, 100, isRepeat: true);
            await host.HoldsExactlyAsync(1, 100);
        });
    }

    [Fact]
    public async Task An_engine_killed_at_random_moments_while_rows_go_in_ends_up_with_each_once()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var folder = await TestDirectories.CreateAsync("killed");
        await using var engine = await StartAsync(folder);
        using var host = new LoaderUnderTest(engine.Url);
        await host.TakeOverAsync();
        long progress = 0, highest = 0;
        for (var kills = 0; kills < 4;)
        {
            var last = progress + random.Next(1, 4_000);
            var load = host.LoadAsync(progress + 1, last, isRepeat: progress < highest);
            highest = Math.Max(highest, last);
            if (random.Next(4) == 0 && engine.ProcessId is { } process)
            {
                await Task.Delay(random.Next(40));
                kills += TryKill(process) ? 1 : 0;
            }

            try
            {
                await load;
                progress = last;
                if (random.Next(3) == 0)
                {
                    await host.CheckpointAsync();
                }
            }
            catch (ProgressLostException e)
            {
                progress = Math.Min(progress, e.DurablePosition);
            }
            catch (ClickHouseException e)
            {
                e.IsTransient.ShouldBeTrue(e.Message);
            }
        }

        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                // The load that the last kill came after may have ended well: then its last record is loaded again.
                await host.LoadAsync(Math.Min(progress + 1, highest), highest, isRepeat: true);
                return true;
            }
            catch (ProgressLostException e)
            {
                progress = Math.Min(progress, e.DurablePosition);
            }
            catch (ClickHouseException e)
            {
                e.IsTransient.ShouldBeTrue(e.Message);
            }

            return false;
        });
        try
        {
            await host.HoldsExactlyAsync(1, highest);
        }
        catch (ShouldAssertException e)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }

    /// <summary>Returns false if the process has already ended.</summary>
    private static bool TryKill(int process)
    {
        try
        {
            System.Diagnostics.Process.GetProcessById(process).Kill();
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static Task<EmbeddedClickHouse> StartAsync(string folder) =>
        EmbeddedClickHouse.StartAsync(new EmbeddedClickHouseOptions { DataDirectory = folder }, NullLoggerFactory.Instance, default);

    private static async Task RunAsync(string folder, Func<LoaderUnderTest, Task> work)
    {
        await using var engine = await StartAsync(folder);
        using var host = new LoaderUnderTest(engine.Url);
        await work(host);
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.EnumerateDirectories(from))
        {
            if (new DirectoryInfo(directory).LinkTarget is null)
            {
                Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
            }
            else
            {
                Directory.CreateSymbolicLink(Path.Combine(to, Path.GetFileName(directory)), new DirectoryInfo(directory).LinkTarget!);
            }
        }

        foreach (var file in Directory.EnumerateFiles(from))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }
    }
}
