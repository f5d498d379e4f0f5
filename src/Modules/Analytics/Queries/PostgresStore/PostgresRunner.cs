using Bxb.Analytics.Queries.Windows;
using Bxb.EventLog;
using Npgsql;

namespace Bxb.Analytics.Queries.PostgresStore;

/// <summary>Runs a compiled query on the event log and gathers its rows; all of them, or an exception. Thread-safe.</summary>
/// <remarks>One statement, so one snapshot. When the caller gives up, or the time is up, the driver has the server end it.</remarks>
internal sealed class PostgresRunner(NpgsqlDataSource database, UsageQueryOptions options)
{
    // Without statistics PostgreSQL expects a handful of rows and sorts all of them to group them, on disk. What has to be sorted still is.
    private const string GroupByHash = "set local enable_sort = off";

    /// <summary>Answers a query.</summary>
    /// <param name="query">The query.</param>
    /// <param name="asOfPosition">No event beyond this position counts. A settled one: the same query as of it has the same answer ever after.</param>
    /// <param name="cancellationToken">Gives up; the server ends the statement.</param>
    /// <exception cref="EventLogException">PostgreSQL refused, gave up or cannot be reached.</exception>
    public async Task<UsageRows> RunAsync(UsageQuery query, long asOfPosition, CancellationToken cancellationToken)
    {
        var windows = WindowPlan.Of(query, options);
        var rows = new UsageRows(query, windows, options);
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

    private static async Task AddAsync(NpgsqlDataReader row, UsageRows rows, CancellationToken cancellationToken)
    {
        var groups = new string?[rows.Keys];
        for (var i = 0; i < groups.Length; i++)
        {
            groups[i] = await TextAsync(row, i + 2, cancellationToken);
        }

        var value = groups.Length + 2;
        rows.Add(row.GetInt64(0), await TextAsync(row, 1, cancellationToken), groups, await TextAsync(row, value, cancellationToken), row.GetInt64(value + 1), row.GetInt64(value + 2));
    }

    private static async ValueTask<string?> TextAsync(NpgsqlDataReader row, int column, CancellationToken cancellationToken) =>
        await row.IsDBNullAsync(column, cancellationToken) ? null : row.GetString(column);
}
