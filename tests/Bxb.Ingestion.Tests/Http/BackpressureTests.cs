using System.Net;
using System.Net.Sockets;
using System.Text;
using Bxb.Modularity.Http;
using Bxb.Testing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Bxb.Ingestion.Tests.Http;

/// <summary>What callers hear when the host cannot keep up, and that nothing stays held by those who left.</summary>
public sealed class BackpressureTests
{
    private static IngestionApp SmallApp() => new()
    {
        Settings = { ["MaxEventBytes"] = "4096", ["MaxBatchBytes"] = "4096", ["MaxBytesInFlight"] = "65536", ["RetryAfter"] = "00:00:07" },
        Server = server => server.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1000, gracePeriod: TimeSpan.FromSeconds(1.1)),
    };

    [Fact]
    public async Task A_stalled_log_fills_the_host_up_to_429_and_nothing_taken_is_lost()
    {
        var app = SmallApp();
        app.LogOptions = log => (log.AppendTimeout, log.CommandTimeout) = (TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(2));
        await app.InitializeAsync();
        try
        {
            var caller = app.NewOrganization();
            var posts = new List<Task<Answer>>();
            await using (await LockAsync(app))
            {
                while (posts.Count < 200 && !posts.Exists(static p => p.IsCompleted))
                {
                    posts.Add(caller.PostEventAsync(Requests.Event($"t-{posts.Count}", $$"""{"padding":"{{new string('x', 2000)}}"}""")));
                    await Eventually.HoldsAsync(() => posts.Exists(static p => p.IsCompleted) || Held(app) >= posts.Count * 2000L, "The post being held or refused");
                }

                Held(app).ShouldBeLessThanOrEqualTo(65536);
                var refused = await posts.First(static p => p.IsCompleted);
                refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
                refused.Code.ShouldBe("too_many_requests");
                refused.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(7));
            }

            var answers = await Task.WhenAll(posts);
            answers.ShouldAllBe(a => a.Status == HttpStatusCode.Created || a.Status == HttpStatusCode.TooManyRequests);
            var taken = answers.Count(a => a.Status == HttpStatusCode.Created);
            taken.ShouldBeInRange(5, 32);
            (await caller.CountAsync()).ShouldBe(taken);
            Held(app).ShouldBe(0);
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_log_that_does_not_answer_is_503()
    {
        var app = SmallApp();
        app.LogOptions = log => log.CommandTimeout = TimeSpan.FromSeconds(1);
        await app.InitializeAsync();
        try
        {
            var caller = app.NewOrganization();
            await using (await LockAsync(app))
            {
                var answer = await caller.PostEventAsync(Requests.Event("t"));
                answer.Status.ShouldBe(HttpStatusCode.ServiceUnavailable);
                answer.Code.ShouldBe("unavailable");
                answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(7));
            }

            var again = await caller.PostEventAsync(Requests.Event("t"));
            again.Status.ShouldBeOneOf(HttpStatusCode.Created, HttpStatusCode.OK);
            (await caller.CountAsync()).ShouldBe(1);
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_body_that_trickles_is_408_and_one_that_breaks_off_leaves_nothing()
    {
        var app = SmallApp();
        await app.InitializeAsync();
        try
        {
            var organization = IngestionApp.NewOrganizationId();
            var head = $"POST /v1/events HTTP/1.1\r\nHost: x\r\nX-Test-Organization: {organization}\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{{\"code\":";
            using (var slow = new TcpClient())
            {
                await slow.ConnectAsync(app.Address.Host, app.Address.Port);
                await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
                using var reader = new StreamReader(slow.GetStream());
                var answer = await reader.ReadToEndAsync();
                answer.ShouldStartWith("HTTP/1.1 408");
                answer.ShouldContain("\"request_timeout\"");
            }

            foreach (var linger in new[] { true, false })
            {
                using var gone = new TcpClient { LingerState = new LingerOption(linger, 0) };
                await gone.ConnectAsync(app.Address.Host, app.Address.Port);
                await gone.GetStream().WriteAsync(Encoding.ASCII.GetBytes(head));
                await Eventually.HoldsAsync(() => Held(app) > 0, "The body's bytes being held");
                gone.Close();
                await Eventually.HoldsAsync(() => Held(app) == 0, "The bytes being given back");
            }

            (await app.Caller(organization).CountAsync()).ShouldBe(0);
            app.Errors.Entries.ShouldBeEmpty();
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_host_at_its_limit_refuses_before_it_reads()
    {
        var app = SmallApp();
        await app.InitializeAsync();
        try
        {
            var admission = app.Provider.GetRequiredService<Admission>();
            admission.TryReserve(65536).ShouldBeTrue();
            var caller = app.NewOrganization();
            (await caller.PostEventAsync(Requests.Event("t"))).Status.ShouldBe(HttpStatusCode.TooManyRequests);
            (await caller.PostBatchAsync(Requests.Batch(Requests.Event("t")))).Status.ShouldBe(HttpStatusCode.TooManyRequests);
            (await caller.CountAsync()).ShouldBe(0);
            admission.Release(65536);
            (await caller.PostEventAsync(Requests.Event("t"))).Status.ShouldBe(HttpStatusCode.Created);
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    private static long Held(IngestionApp app) => app.Provider.GetRequiredService<Admission>().HeldBytes;

    /// <summary>Keeps every writer of the log waiting until it is disposed of.</summary>
    private static async Task<NpgsqlConnection> LockAsync(IngestionApp app)
    {
        var connection = new NpgsqlConnection(app.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("begin; lock table event_log.event_keys in access exclusive mode", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }
}
