using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Bxb.ClickHouse.Tests;

public class FailureTests
{
    private const string Tag = "abcdefghijklmnop";
    private static readonly ClickHouseStatement Query = new("SELECT 1");

    [Theory]
    [InlineData(500, 60, "Code: 60. DB::Exception: Table default.x does not exist. (UNKNOWN_TABLE) (version 26.5.1.1 (official build))", "UNKNOWN_TABLE", false)]
    [InlineData(500, 252, "Code: 252. DB::Exception: Too many parts (3000). Merges are slower than inserts. (TOO_MANY_PARTS)", "TOO_MANY_PARTS", true)]
    [InlineData(500, 241, "Code: 241. DB::Exception: (total) memory limit exceeded: Code: 47. DB::Exception: x (MEMORY_LIMIT_EXCEEDED)", "MEMORY_LIMIT_EXCEEDED", true)]
    [InlineData(404, 0, "Code: 81. DB::Exception: Database x does not exist. (UNKNOWN_DATABASE)", "UNKNOWN_DATABASE", false)]
    [InlineData(503, 0, "busy", "HTTP", true)]
    [InlineData(401, 0, "", "HTTP", false)]
    public async Task A_refusal_carries_its_code_and_whether_to_try_again(int status, int header, string body, string name, bool transient)
    {
        await using var fake = await FakeClickHouse.StartAsync(async c =>
        {
            c.Response.StatusCode = status;
            if (header != 0)
            {
                c.Response.Headers["X-ClickHouse-Exception-Code"] = header.ToString();
            }

            await c.Response.WriteAsync(body);
        });
        using var client = fake.Client();
        foreach (var call in Calls(client))
        {
            var error = await Should.ThrowAsync<ClickHouseException>(call);
            (error.Name, error.IsTransient, error.MayStillRun).ShouldBe((name, transient, false), error.Message);
            error.Code.ShouldBe(header != 0 ? header : body.StartsWith("Code: 81", StringComparison.Ordinal) ? 81 : 0);
        }
    }

    [Theory]
    [InlineData(true, 10)]
    [InlineData(true, 5_000)]
    [InlineData(false, 10)]
    [InlineData(false, 5_000)]
    public async Task An_exception_behind_the_first_rows_is_found_and_no_row_is_read_out_of_it(bool framed, int rows)
    {
        const string Message = "Code: 395. DB::Exception: Value passed to 'throwIf' is non-zero. (FUNCTION_THROW_IF_VALUE_IS_NON_ZERO) (version 26.5.1.1)";
        var text = framed ? $"\r\n__exception__\r\n{Tag}\r\n{Message}\n{Message.Length} {Tag}\r\n__exception__\r\n" : Message + "\n";
        byte[] bytes = [.. ResultBytes.Numbers(rows), .. Encoding.ASCII.GetBytes(text)];
        await using var fake = await FakeClickHouse.StartAsync(c =>
        {
            if (framed)
            {
                c.Response.Headers["X-ClickHouse-Exception-Tag"] = Tag;
            }

            return ResultBytes.SendAsync(c, bytes, 5);
        });
        using var client = fake.Client();

        var read = new List<ulong>();
        var error = await Should.ThrowAsync<ClickHouseException>(async () =>
        {
            await using var result = await client.QueryAsync(Query);
            while (await result.ReadAsync())
            {
                read.Add(result.GetUInt64(0));
            }
        });

        (error.Code, error.Name, error.Message).ShouldBe((395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO", Message));
        read.ShouldBe(Enumerable.Range(0, read.Count).Select(i => (ulong)i));
        read.Count.ShouldBeLessThanOrEqualTo(rows);
        (await Should.ThrowAsync<ClickHouseException>(() => client.ExecuteAsync(Query))).Code.ShouldBe(395);
        (await Should.ThrowAsync<ClickHouseException>(() => client.InsertAsync(Query, new byte[10]))).Code.ShouldBe(395);
    }

    [Fact]
    public async Task An_exception_before_a_broken_connection_wins_over_it()
    {
        await using var fake = await FakeClickHouse.StartAsync(async c =>
        {
            c.Response.Headers["X-ClickHouse-Exception-Tag"] = Tag;
            await c.Response.Body.WriteAsync(ResultBytes.Numbers(100));
            await c.Response.WriteAsync($"\r\n__exception__\r\n{Tag}\r\nCode: 241. DB::Exception: memory (MEMORY_LIMIT_EXCEEDED)\n52 {Tag}\r\n__exception__\r\n");
            await c.Response.Body.FlushAsync();
            c.Abort();
        });
        using var client = fake.Client();
        var error = await Should.ThrowAsync<ClickHouseException>(() => ReadAllAsync(client));
        // The socket may be reset before the last bytes were taken out of it.
        error.IsTransient.ShouldBeTrue();
        new[] { "MEMORY_LIMIT_EXCEEDED", "CUT_STREAM" }.ShouldContain(error.Name);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Text_that_looks_like_an_exception_is_data_in_an_answer_that_is_whole(bool tagged)
    {
        const string Text = "Code: 60. DB::Exception: nothing of the kind (version 1)";
        await using var fake = await FakeClickHouse.StartAsync(async c =>
        {
            if (tagged)
            {
                c.Response.Headers["X-ClickHouse-Exception-Tag"] = Tag;
            }

            await c.Response.Body.WriteAsync(await ResultBytes.WholeAsync(c, ResultBytes.Of([("t", "String")], w => w.WriteString(Text))));
        });
        using var client = fake.Client();
        await using var result = await client.QueryAsync(Query);
        (await result.ReadAsync()).ShouldBeTrue();
        result.GetString(0).ShouldBe(Text);
        (await result.ReadAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_stream_that_is_cut_is_transient_and_its_end_unknown()
    {
        await using var fake = await FakeClickHouse.StartAsync(async c =>
        {
            await c.Response.Body.WriteAsync(ResultBytes.Numbers(5_000));
            await c.Response.Body.FlushAsync();
            c.Abort();
        });
        using var client = fake.Client();
        foreach (var call in Calls(client)[..3])
        {
            var error = await Should.ThrowAsync<ClickHouseException>(call);
            (error.Name, error.IsTransient, error.MayStillRun).ShouldBe(("CUT_STREAM", true, true));
        }
    }

    [Fact]
    public async Task A_connection_that_is_closed_without_an_answer_leaves_the_end_unknown()
    {
        await using var fake = await FakeClickHouse.StartAsync(c =>
        {
            c.Abort();
            return Task.CompletedTask;
        });
        using var client = fake.Client();
        foreach (var call in Calls(client))
        {
            var error = await Should.ThrowAsync<ClickHouseException>(call);
            (error.Name, error.IsTransient, error.MayStillRun).ShouldBe(("CUT_STREAM", true, true));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2_000)]
    public async Task Slowness_is_a_timeout_before_and_within_the_rows(int rowsBefore)
    {
        await using var fake = await FakeClickHouse.StartAsync(async c =>
        {
            if (rowsBefore > 0)
            {
                await c.Response.Body.WriteAsync(ResultBytes.Numbers(rowsBefore));
                await c.Response.Body.FlushAsync();
            }

            await Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var client = fake.Client(TimeSpan.FromMilliseconds(200));
        foreach (var call in Calls(client)[..3])
        {
            var error = await Should.ThrowAsync<ClickHouseException>(call);
            (error.Name, error.IsTransient, error.IsTimeout, error.MayStillRun).ShouldBe(("TIMEOUT", true, true, true));
        }
    }

    [Fact]
    public async Task The_callers_cancellation_stays_one()
    {
        var arrived = new TaskCompletionSource();
        await using var fake = await FakeClickHouse.StartAsync(async c =>
        {
            arrived.TrySetResult();
            await Task.Delay(Timeout.Infinite, c.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        using var client = fake.Client();
        using var cancel = new CancellationTokenSource();
        var insert = client.InsertAsync(Query, new byte[5], cancellationToken: cancel.Token);
        await arrived.Task;
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => insert);
    }

    [Fact]
    public async Task Nobody_there_is_transient_and_surely_did_not_run()
    {
        using var client = new ClickHouseClient(new() { Url = FakeClickHouse.Nobody() });
        foreach (var call in Calls(client))
        {
            var error = await Should.ThrowAsync<ClickHouseException>(call);
            (error.Name, error.IsTransient, error.MayStillRun).ShouldBe(("CONNECTION", true, false), error.Message);
        }
    }

    [Fact]
    public async Task A_server_that_is_not_http_is_an_error()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var client = new ClickHouseClient(new() { Url = new Uri($"http://{listener.LocalEndpoint}/") });
        var call = client.ExecuteAsync(Query);
        using (var socket = await listener.AcceptSocketAsync())
        {
            await socket.SendAsync("SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray());
            socket.Shutdown(SocketShutdown.Send);
            (await Should.ThrowAsync<ClickHouseException>(() => call)).IsTransient.ShouldBeTrue();
        }
    }

    private static Func<Task>[] Calls(ClickHouseClient client) =>
        [() => client.ExecuteAsync(Query), () => ReadAllAsync(client), () => client.InsertAsync(Query, new byte[1000]), () => client.PingAsync()];

    private static async Task ReadAllAsync(ClickHouseClient client)
    {
        await using var result = await client.QueryAsync(Query);
        await ResultBytes.ReadNumbersAsync(result);
    }
}
