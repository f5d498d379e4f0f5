using System.Globalization;
using System.Net.Sockets;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;

namespace Bxb.EndToEnd.Tests;

/// <summary>How a host leaves its clients.</summary>
public sealed class StopTests
{
    private const int Stops = 3;
    private const int Clients = 20;
    private const int RequestsWhileDraining = 5;

    [Fact]
    public async Task No_request_fails_when_a_host_with_a_drain_time_stops_and_a_second_signal_ends_the_drain()
    {
        using var directory = new TemporaryDirectory();
        for (var stop = 0; stop < Stops; stop++)
        {
            // Longer than the test waits for the end: only the second signal can bring it.
            await using var host = await StartAsync(directory.Path, "00:05:00");
            var name = $"{stop}";
            var clients = Enumerable.Range(0, Clients).Select(n => SendUntilDrainedAsync(host, $"{name}-{n}")).ToList();
            using var slow = new KeepAliveClient(host.Url, host.ApiKey);
            await slow.BeginEventAsync($"{name}-slow", "m");
            Signals.Send(host.Id, Signals.Terminate);
            await Task.WhenAll(clients);
            var (status, ready) = await host.Client.SendAsync(HttpMethod.Get, "/health/ready");
            status.ShouldBe(503);
            ready["status"]!.GetValue<string>().ShouldBe("unhealthy");
            ready["checks"]!["host"]!["description"]!.GetValue<string>().ShouldBe("The host is stopping.");
            (await host.Client.SendAsync(HttpMethod.Get, "/v1/events")).Status.ShouldBe(200);

            Signals.Send(host.Id, Signals.Terminate);
            await Eventually.HoldsAsync(async () => !await ListensAsync(host.Url), "A closed port");
            (await slow.EndEventAsync()).ShouldBe(201);
            (await host.ExitAsync()).ShouldBe(0, host.Output);
        }

        await using var last = await StartAsync(directory.Path, "00:00:01");
        await last.Client.MetricAsync("m", "m", "count");
        var position = (await last.Client.PostJsonAsync("/v1/events", """{"transaction_id": "last", "external_customer_id": "c", "code": "m"}""")).Position();
        (long.Parse((await last.Client.TotalAsync("m", "postgresql", position))!, CultureInfo.InvariantCulture) - 1).ShouldBeGreaterThanOrEqualTo(Stops * (1 + (Clients * (RequestsWhileDraining + 1))));
        (await last.StopAsync()).ShouldBe(0, last.Output);
        last.Output.ShouldContain("requests are answered for another 1 s");
    }

    [Fact]
    public async Task What_happened_before_the_first_scrape_counts()
    {
        using var directory = new TemporaryDirectory();
        await using var host = await StartAsync(directory.Path, "00:00:00");
        for (var n = 1; n <= 8; n++)
        {
            await host.Client.PostJsonAsync("/v1/events", $$"""{"transaction_id": "{{n}}", "external_customer_id": "c", "code": "m"}""");
            if (n is 5 or 8)
            {
                // An event is counted just after its answer.
                var count = n;
                await Eventually.HoldsAsync(async () => await RecordedAsync(host) == count, $"The metric counts {n} events");
            }
        }
    }

    private static async Task<int> RecordedAsync(HostProcess host)
    {
        var lines = (await host.Client.GetStringAsync("/metrics")).Split('\n');
        var line = lines.Single(l => l.StartsWith("bxb_eventlog_append_events_total", StringComparison.Ordinal) && l.Contains("outcome=\"recorded\"", StringComparison.Ordinal));
        return int.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    private static Task<HostProcess> StartAsync(string directory, string drainTime) =>
        HostProcess.StartAsync(directory, "--Bxb:ClickHouse:Enabled=false", $"--Bxb:Shutdown:DrainTime={drainTime}");

    /// <summary>Sends events on one connection until an answer closes it, then a few more, each on a new one. Any error is the test's.</summary>
    private static async Task SendUntilDrainedAsync(HostProcess host, string name)
    {
        using var client = new KeepAliveClient(host.Url, host.ApiKey);
        var left = RequestsWhileDraining + 1;
        for (var n = 0; left > 0; n++)
        {
            (await client.PostEventAsync($"{name}-{n}", "m")).ShouldBe(201);
            left -= client.WasClosed ? 1 : 0;
        }
    }

    private static async Task<bool> ListensAsync(Uri url)
    {
        using var connection = new TcpClient();
        try
        {
            await connection.ConnectAsync(url.Host, url.Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
