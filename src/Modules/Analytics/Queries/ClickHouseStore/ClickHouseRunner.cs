using Bxb.Analytics.Queries.Windows;
using Bxb.ClickHouse;

namespace Bxb.Analytics.Queries.ClickHouseStore;

/// <summary>Runs a compiled query on ClickHouse and returns all of its rows, or throws. Thread-safe.</summary>
/// <remarks>After a cancellation or a time-out the statement is killed on the server before the exception is thrown, unless the server hangs.</remarks>
internal sealed class ClickHouseRunner(ClickHouseClient client, UsageQueryOptions options)
{
    private static readonly TimeSpan KillTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Answers a query.</summary>
    /// <exception cref="ClickHouseException">The server failed or cannot be reached.</exception>
    public async Task<UsageRowCollector> RunAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        var windows = WindowPlan.Of(query, options);
        var statement = CountProjection.TryCompile(query, windows, options.MaxRows) ?? ClickHouseCompiler.Compile(query, windows, options.MaxRows);
        return await RunAsync(statement, new UsageRowCollector(query, windows, options), cancellationToken);
    }

    /// <summary>Runs a statement with the columns of <see cref="ClickHouseCompiler"/>.</summary>
    internal async Task<UsageRowCollector> RunAsync(ClickHouseStatement statement, UsageRowCollector rows, CancellationToken cancellationToken)
    {
        statement.QueryId = $"usage-{Guid.NewGuid():N}";
        statement.Timeout = options.QueryTimeout;
        statement.Set("max_memory_usage", options.MaxQueryMemoryBytes);
        try
        {
            return await client.WhileAliveAsync(token => GatherAsync(statement, rows, token), options.HangTimeout, cancellationToken);
        }
        catch (Exception e) when (e is OperationCanceledException or ClickHouseException { MayStillRun: true, IsHang: false })
        {
            await KillAsync(statement.QueryId);
            throw;
        }
    }

    private async Task<UsageRowCollector> GatherAsync(ClickHouseStatement statement, UsageRowCollector rows, CancellationToken cancellationToken)
    {
        await using var result = await client.QueryAsync(statement, cancellationToken);
        try
        {
            while (await result.ReadAsync())
            {
                Add(result, rows);
            }
        }
        catch (Exception e) when (e is not (ClickHouseException or OperationCanceledException))
        {
            // A row is invalid, or there are too many. The exception counts only after the rest of the answer proves that the rows are those of the query.
            while (await result.ReadAsync())
            {
            }

            throw;
        }

        return rows;
    }

    private static void Add(ClickHouseResult row, UsageRowCollector rows)
    {
        var groups = new string?[rows.Keys];
        for (var i = 0; i < groups.Length; i++)
        {
            groups[i] = Text(i + 2);
        }

        var value = groups.Length + 2;
        rows.Add(row.GetInt64(0), row.GetString(1), groups, Text(value), Text(value + 1), row.GetInt64(value + 2), row.GetInt64(value + 3));

        string? Text(int column) => row.IsNull(column) ? null : row.GetString(column);
    }

    private async Task KillAsync(string queryId)
    {
        using var limit = new CancellationTokenSource(KillTimeout);
        try
        {
            await client.KillAsync(queryId, limit.Token);
        }
        catch (Exception e) when (e is ClickHouseException or OperationCanceledException)
        {
            // The server is away or slow. Its own time limit ends the statement.
            return;
        }
    }
}
