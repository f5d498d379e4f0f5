using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>Ages of the oldest events above positions of the log. Thread-safe.</summary>
/// <remarks>While a lock is held on the log, every read of it waits. A status is useful without ages, so the read is abandoned after <see cref="Limit"/>.</remarks>
/// <param name="database">The log's database.</param>
/// <param name="time">The clock that limits the wait.</param>
public sealed class EventAges(NpgsqlDataSource database, TimeProvider time)
{
    /// <summary>How long the log may take to answer.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    // By the database's clock, which also set ingested_at.
    private const string Read = """
        select p, (select extract(epoch from clock_timestamp() - ingested_at)::float8 from event_log.events where position > p order by position limit 1)
        from unnest($1::bigint[]) p
        """;

    /// <summary>The age in seconds of the oldest event above each position, 0 where there is none; null when the log does not answer in time.</summary>
    public async Task<IReadOnlyDictionary<long, double>?> ReadAsync(IEnumerable<long> positions, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(positions);
        var asked = positions.Distinct().ToArray();
        if (asked.Length == 0)
        {
            return new Dictionary<long, double>();
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var reading = ReadAsync(asked, limit.Token);
        try
        {
            return await reading.WaitAsync(Limit, time, cancellationToken);
        }
        catch (Exception exception) when ((exception is TimeoutException || EventLogErrors.IsDriverError(exception)) && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            // The driver cancels slowly when the server does not answer, so the call does not wait for it.
            await limit.CancelAsync();
            _ = reading.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private async Task<IReadOnlyDictionary<long, double>?> ReadAsync(long[] positions, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Read);
        command.Parameters.Add(new() { Value = positions });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var ages = new Dictionary<long, double>();
        while (await reader.ReadAsync(cancellationToken))
        {
            ages[reader.GetInt64(0)] = reader.GetValue(1) is double age ? Math.Max(0, age) : 0;
        }

        return ages;
    }
}
