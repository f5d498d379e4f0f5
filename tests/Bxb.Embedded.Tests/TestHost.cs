using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Embedded.Tests;

/// <summary>A small host in a process of its own, for the tests that kill one: starts both engines, says where they are, and waits.</summary>
internal static class TestHost
{
    private static async Task Main(string[] args)
    {
        if (args is not ["host", var data])
        {
            return;
        }

        using var held = DataDirectoryLock.Acquire(data);
        await using var postgres = await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresOptions { DataDirectory = data, SharedBuffersBytes = 16 << 20 }, NullLoggerFactory.Instance, CancellationToken.None);
        await using var clickHouse = await EmbeddedClickHouse.StartAsync(new EmbeddedClickHouseOptions { DataDirectory = data }, NullLoggerFactory.Instance, CancellationToken.None);
        await Console.Out.WriteLineAsync($"started {postgres.ProcessId} {clickHouse.ProcessId} {clickHouse.Url} {postgres.ConnectionString}");
        await Console.In.ReadToEndAsync();
    }
}
