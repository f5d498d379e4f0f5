using System.Text.RegularExpressions;
using Bxb.Analytics.Tests.Cases;
using Bxb.Analytics.Tests.Loading;
using Bxb.Testing;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Tests.Http;

/// <summary>A host whose ClickHouse, or a proxy before it, answers usage queries with errors and with parts of answers.</summary>
public sealed partial class BrokenAnswerTests : IAsyncLifetime
{
    private const string Range = "from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00Z&group_by=external_customer_id";

    private FaultyPath _path = null!;
    private UsageHost _host = null!;
    private long _position;

    public async Task InitializeAsync()
    {
        _path = await FaultyPath.StartAsync(await TestClickHouse.CreateDatabaseAsync());
        _host = new UsageHost { ClickHouseUrl = _path.Url };
        await _host.InitializeAsync();
        await _host.MetricAsync("calls", "count", null);
        for (var i = 0; i < 3; i++)
        {
            _position = await _host.AppendAsync(new CaseEvent($"c{i}", "2026-01-05T00:00:00Z"));
        }

        (await _host.GetAsync($"/v1/usage?metric=calls&{Range}&min_position={_position}&timeout=30&store=clickhouse")).Status.ShouldBe(200);
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _path.DisposeAsync();
    }

    [Theory]
    [InlineData(1001, "STD_EXCEPTION")]
    [InlineData(24, "CANNOT_WRITE_TO_OSTREAM")]
    [InlineData(115, "UNKNOWN_SETTING")]
    [InlineData(159, "TIMEOUT_EXCEEDED")]
    [InlineData(62, "SYNTAX_ERROR")]
    [InlineData(60, "UNKNOWN_TABLE")]
    [InlineData(0, "<html>Bad Gateway</html>")]
    public async Task A_late_error_is_answered_by_PostgreSQL_or_503(int code, string name)
    {
        var text = code == 0 ? name : $"Code: {code}. DB::Exception: something. ({name})";
        await BreakAsync(c => c.Response.WriteAsync(text), async () =>
        {
            await IsAnsweredAsync("auto", "postgresql");
            await IsUnavailableAsync();
        });
    }

    [Theory]
    [InlineData(500, 1001)]
    [InlineData(400, 62)]
    [InlineData(404, 115)]
    [InlineData(500, 24)]
    [InlineData(502, 0)]
    [InlineData(403, 516)]
    public async Task An_error_of_the_server_is_answered_by_PostgreSQL_or_503(int status, int code)
    {
        await BreakAsync(
            c =>
            {
                c.Response.StatusCode = status;
                return c.Response.WriteAsync(code == 0 ? "<html>Bad Gateway</html>" : $"Code: {code}. DB::Exception: something. (SOMETHING)");
            },
            async () =>
            {
                await IsAnsweredAsync("auto", "postgresql");
                await IsUnavailableAsync();
            });
    }

    [Fact]
    public async Task An_answer_that_is_cut_at_any_byte_is_no_answer()
    {
        byte[] whole = [];
        var (cut, ending) = (0, "");
        await BreakAsync(
            async c =>
            {
                // An answer as the engine gave it, under this request's trailer: only the cut is wrong.
                c.Request.Body.Position = 0;
                using var reader = new StreamReader(c.Request.Body);
                var trailer = TrailerPattern().Match(await reader.ReadToEndAsync()).Groups[1].Value;
                byte[] bytes = [.. whole.AsSpan(0, whole.Length - 32), .. System.Text.Encoding.ASCII.GetBytes(trailer)];
                await c.Response.Body.WriteAsync(bytes.AsMemory(0, Math.Min(cut, bytes.Length)));
                await c.Response.WriteAsync(ending);
            },
            async () =>
            {
                cut = int.MaxValue;
                await IsAnsweredAsync("clickhouse", "clickhouse");
                foreach (var text in new[] { "", "Code: 159. DB::Exception: Timeout exceeded. (TIMEOUT_EXCEEDED) (version 26.5.1.1)\n", "<html>Bad Gateway</html>" })
                {
                    ending = text;
                    for (cut = 0; cut < whole.Length; cut += 3)
                    {
                        await IsAnsweredAsync("auto", "postgresql");
                    }
                }
            },
            bytes => whole = bytes);
    }

    private async Task BreakAsync(RequestDelegate answer, Func<Task> test, Action<byte[]>? seen = null)
    {
        if (seen is not null)
        {
            var first = new TaskCompletionSource<byte[]>();
            _path.OnStatement = async (sql, context, pass) =>
            {
                var body = context.Response.Body;
                using var copy = new MemoryStream();
                context.Response.Body = copy;
                await pass();
                context.Response.Body = body;
                await body.WriteAsync(copy.ToArray());
                if (IsUsage(sql))
                {
                    first.TrySetResult(copy.ToArray());
                }
            };
            await IsAnsweredAsync("clickhouse", "clickhouse");
            seen(await first.Task);
        }

        _path.OnStatement = (sql, context, pass) => IsUsage(sql) ? answer(context) : pass();
        await test();
        _path.OnStatement = null;
        await Eventually.HoldsAsync(async () => (await AskAsync("auto")).Body.GetProperty("store").GetString() == "clickhouse", "ClickHouse answers again");
    }

    private static bool IsUsage(string sql) => sql.Contains("FROM usage", StringComparison.Ordinal) && sql.Contains("GROUP BY", StringComparison.Ordinal);

    private Task<(int Status, System.Text.Json.JsonElement Body)> AskAsync(string store) => _host.GetAsync($"/v1/usage?metric=calls&{Range}&store={store}");

    private async Task IsAnsweredAsync(string store, string by)
    {
        var (status, answer) = await AskAsync(store);
        status.ShouldBe(200, answer.ToString());
        answer.GetProperty("store").GetString().ShouldBe(by);
        answer.GetProperty("rows").EnumerateArray().Select(r => (r.GetProperty("external_customer_id").GetString(), r.GetProperty("value").GetString()))
            .ShouldBe([("c0", "1"), ("c1", "1"), ("c2", "1")]);
    }

    private async Task IsUnavailableAsync()
    {
        var (status, problem) = await AskAsync("clickhouse");
        status.ShouldBe(503, problem.ToString());
        problem.GetProperty("code").GetString().ShouldBe("unavailable");
    }

    [GeneratedRegex("'([0-9a-f]{32})' AS trailer")]
    private static partial Regex TrailerPattern();
}
