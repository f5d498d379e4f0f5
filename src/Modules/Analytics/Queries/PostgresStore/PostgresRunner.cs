using Bxb.Analytics.Queries.Windows;
using Bxb.EventLog;
using Npgsql;

namespace Bxb.Analytics.Queries.PostgresStore;

/// <summary>Runs a compiled query on the event log and returns all of its rows, or throws. Thread-safe.</summary>
/// <remarks>One statement, so one snapshot. After a cancellation or a time-out the driver cancels the statement on the server.</remarks>
internal sealed class PostgresRunner(NpgsqlDataSource database, UsageQueryOptions options)
{
    // Without statistics PostgreSQL expects few rows, and groups them by a sort that spills to disk. Necessary sorts remain possible.
    private const string GroupByHash = "set local enable_sort = off";

    /// <summary>Answers a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="asOfPosition">Later positions are not counted. As of a settled position the answer never changes.</param>
    /// <param name="cancellationToken">Cancels the statement on the server.</param>
    /// <exception cref="EventLogException">PostgreSQL refused or ended the statement, or cannot be reached.</exception>
    public async Task<UsageRowCollector> RunAsync(UsageQuery query, long asOfPosition, CancellationToken cancellationToken)
    {
        var windows = WindowPlan.Of(query, options);
        var rows = new UsageRowCollector(query, windows, options);
        try
        {
            await using var command = PostgresCompiler.Compile(query, windows, asOfPosition, options.MaxRows);
            await using var connection = await database.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using (var groupByHash = new NpgsqlCommand(GroupByHash, connection) { CommandTimeout = (int)Math.Ceiling(options.QueryTimeout.TotalSeconds) })
            {
                await groupByHash.ExecuteNonQueryAsync(cancellationToken);
            }

            command.Connection = connection;
            command.CommandTimeout = (int)Math.Ceiling(options.QueryTimeout.TotalSeconds);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                await AddAsync(reader, rows, cancellationToken);
            }

            return rows;
        }
        catch (Exception e) when (EventLogErrors.Translate(e) != e)
        {
            throw EventLogErrors.Translate(e);
        }
    }

    private static async Task AddAsync(NpgsqlDataReader row, UsageRowCollector rows, CancellationToken cancellationToken)
    {
        var groups = new string?[rows.Keys];
        for (var i = 0; i < groups.Length; i++)
        {
            groups[i] = await TextAsync(row, i + 2, cancellationToken);
        }

        var value = groups.Length + 2;
        rows.Add(row.GetInt64(0), await TextAsync(row, 1, cancellationToken), groups, await TextAsync(row, value, cancellationToken), await TextAsync(row, value + 1, cancellationToken),
            row.GetInt64(value + 2), row.GetInt64(value + 3));
    }

    private static async ValueTask<string?> TextAsync(NpgsqlDataReader row, int column, CancellationToken cancellationToken) =>
        await row.IsDBNullAsync(column, cancellationToken) ? null : row.GetString(column);
}
