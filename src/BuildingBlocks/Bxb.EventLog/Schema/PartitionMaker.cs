using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog.Schema;

/// <summary>Creates the log's partitions before they are needed, and analyzes new ones. Owns no connection between two runs.</summary>
/// <remarks>
/// A partition is created as a table and then attached, which delays no append. CREATE TABLE ... PARTITION OF would wait for every open append and block the next ones. An advisory lock lets
/// one host work at a time. After a failure the next interval tries again.
/// </remarks>
public sealed partial class PartitionMaker : BackgroundService
{
    private const long LockKey = 0x4278_625F_7061_7274;

    private readonly NpgsqlDataSource _dataSource;
    private readonly EventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly PartitionStatistics _statistics;
    private readonly OutageLog _outage;
    private readonly ILogger<PartitionMaker> _logger;

    /// <summary>Used by the container.</summary>
    public PartitionMaker(NpgsqlDataSource dataSource, IOptions<EventLogOptions> options, TimeProvider time, ILogger<PartitionMaker> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _dataSource = dataSource;
        _options = options.Value;
        _time = time;
        _statistics = new PartitionStatistics(dataSource);
        _outage = new OutageLog(logger, "The partitions of the log cannot be maintained", time);
        _logger = logger;
    }

    /// <summary>Creates the missing partitions up to the head and beyond it. Returns their number.</summary>
    /// <param name="room">Minimum number of positions beyond the head.</param>
    /// <param name="ct">Ends the call before the commit; then nothing was created.</param>
    /// <exception cref="NpgsqlException">PostgreSQL refused or is away.</exception>
    internal async Task<int> EnsureAsync(long room, CancellationToken ct)
    {
        var ahead = Math.Max(room, _options.PartitionsAhead * _options.PartitionPositions);
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var (head, end) = await EdgesAsync(connection, ct);
        if (end > head + ahead)
        {
            return 0;
        }

        var made = 0;
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await ExecuteAsync(connection, $"set local lock_timeout = '10s'; select pg_advisory_xact_lock({LockKey})", ct);
        (head, end) = await EdgesAsync(connection, ct);
        while (end <= head + ahead)
        {
            var next = end + _options.PartitionPositions;
            await ExecuteAsync(connection, CreateSql(end, next), ct);
            LogMade(_logger, end, next);
            end = next;
            made++;
        }

        await transaction.CommitAsync(ct);
        return made;
    }

    /// <summary>Creates the partitions at once, for the first append. Continues without PostgreSQL.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LookAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(_options.PartitionInterval, _time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await LookAsync(stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            await EnsureAsync(room: 0, ct);
            await _statistics.RefreshAsync(ct);
            _outage.Succeeded();
        }
        catch (Exception e) when (EventLogErrors.IsDriverError(e))
        {
            _outage.Failed(e);
        }
    }

    private static async Task<(long Head, long End)> EdgesAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "select last_value, (select coalesce(max(to_position), 0) from event_log.event_partitions) from event_log.position_seq", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        await reader.ReadAsync(ct);
        return (reader.GetInt64(0), reader.GetInt64(1));
    }

    // Rows never change, so pages are filled completely. Vacuum runs after inserts, early enough that freezing does not accumulate.
    private static string CreateSql(long from, long to)
    {
        var table = $"events_{from:D13}";
        return $"""
            create table event_log.{table} (like event_log.events including all) with (
                fillfactor = 100, autovacuum_vacuum_insert_scale_factor = 0.1, autovacuum_vacuum_insert_threshold = 500000,
                autovacuum_analyze_scale_factor = 0.1, autovacuum_analyze_threshold = 50000);
            alter table event_log.events attach partition event_log.{table} for values from ({from}) to ({to});
            insert into event_log.event_partitions (from_position, to_position, table_name) values ({from}, {to}, '{table}');
            """;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }

    [LoggerMessage(1030, LogLevel.Information, "Created the partition for positions from {From} to below {To}")]
    private static partial void LogMade(ILogger logger, long from, long to);
}
