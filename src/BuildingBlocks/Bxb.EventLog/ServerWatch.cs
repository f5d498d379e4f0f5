using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.EventLog;

/// <summary>The condition of the log's server at the last check.</summary>
public enum ServerCondition
{
    /// <summary>Not checked yet.</summary>
    Unknown,

    /// <summary>The server answers and takes writes.</summary>
    Writable,

    /// <summary>The server answers and takes no writes: a standby, a read-only database, or failing commits.</summary>
    ReadOnly,

    /// <summary>The server does not answer.</summary>
    Away,
}

/// <summary>Checks once a second whether the log's server answers and takes writes. Other components read the result from memory. Thread-safe.</summary>
/// <remarks>
/// <para>
/// After two consecutive checks without an answer within 2 s the server is away. A late check is not cancelled, because the driver's cancellation waits for the server too; the driver's
/// time-outs end it within 6 s. The checks have connections of their own, because a busy pool says nothing about the server.
/// </para>
/// <para>
/// After failed appends a check also commits a few bytes. Only a commit proves that writes are possible again, for example after a full disk or the loss of a synchronous standby.
/// </para>
/// <para>
/// When the address leads to another server, or the server was restarted, pooled connections are dropped and loops open new ones, so that the address is resolved again.
/// </para>
/// </remarks>
public sealed class ServerWatch : BackgroundService
{
    private const int PoolSize = 4;
    private const int TimeoutSeconds = 2;
    private const int LateAnswers = 2;

    private const string Ask = """
        select pg_is_in_recovery() or current_setting('transaction_read_only')::boolean, concat(pg_postmaster_start_time(), ' ', inet_server_addr(), ' ', inet_server_port())
        """;

    private const string Commit = "select pg_logical_emit_message(true, 'bxb', '')";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(TimeoutSeconds);

    private readonly NpgsqlDataSource _own;
    private readonly NpgsqlDataSource _pool;
    private readonly EventLogConnections _connections;
    private readonly EventLogInstruments _instruments;
    private readonly TimeProvider _time;
    private readonly OutageLog _away;
    private readonly OutageLog _readOnly;
    private long _failedAppends;
    private int _late;
    private string? _server;
    private volatile ServerCondition _condition;

    internal ServerWatch(
        NpgsqlDataSource pool, EventLogConnections connections, EventLogInstruments instruments, IOptions<EventLogOptions> options, TimeProvider time, ILogger<ServerWatch> logger)
    {
        (_pool, _connections, _instruments, _time) = (pool, connections, instruments, time);
        _own = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(options.Value.ConnectionString)
        {
            ApplicationName = "bxb watch", Timeout = TimeoutSeconds, CommandTimeout = TimeoutSeconds, MinPoolSize = 0, MaxPoolSize = PoolSize, Enlist = false,
        });
        _away = new OutageLog(logger, "PostgreSQL does not answer", time);
        _readOnly = new OutageLog(logger, "PostgreSQL answers and takes no writes; events are refused", time);
        instruments.ObserveServer(() => _condition == ServerCondition.Writable);
    }

    /// <summary>The condition at the last check, at most 6 s old; 2 s if the server refuses connections. Stays readable after the stop.</summary>
    public ServerCondition Condition => _condition;

    /// <inheritdoc />
    public override void Dispose()
    {
        _own.Dispose();
        base.Dispose();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        do
        {
            await LookAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(CancellationToken ct)
    {
        var failedAppends = _instruments.UnavailableBlocks;
        try
        {
            var (readOnly, server) = await AskAsync(mustCommit: failedAppends != _failedAppends).WaitAsync(Patience, _time, ct);
            _late = 0;
            _away.Succeeded();
            if (readOnly)
            {
                TakesNoWrites("the server is a standby, or the database is read-only");
                return;
            }

            if (_server != server || _condition != ServerCondition.Writable)
            {
                DropConnections();
                _connections.Renew();
            }

            (_failedAppends, _server, _condition) = (failedAppends, server, ServerCondition.Writable);
            _readOnly.Succeeded();
        }
        catch (PostgresException full) when (full.SqlState == SqlStates.TooManyConnections && failedAppends == _failedAppends && _condition == ServerCondition.Writable)
        {
            // The writers keep their connections, and their commits succeed.
            _away.Failed(full);
        }
        catch (PostgresException refused) when (refused.SqlState is not (SqlStates.AdminShutdown or SqlStates.CrashShutdown or SqlStates.CannotConnectNow))
        {
            TakesNoWrites($"SQLSTATE {refused.SqlState}: {refused.MessageText}");
        }
        catch (TimeoutException) when (++_late < LateAnswers)
        {
            // One late answer can be caused by the load of this host.
        }
        catch (Exception e) when (EventLogErrors.IsDriverError(e) || e is InvalidOperationException)
        {
            _condition = ServerCondition.Away;
            _away.Failed(e);
        }
    }

    private void TakesNoWrites(string reason)
    {
        _condition = ServerCondition.ReadOnly;
        DropConnections();
        _readOnly.Failed(reason);
    }

    /// <summary>The next call of a pool opens a new connection; connections in use are closed when they are returned.</summary>
    private void DropConnections()
    {
        _own.Clear();
        _pool.Clear();
    }

    private async Task<(bool ReadOnly, string Server)> AskAsync(bool mustCommit)
    {
        await using var connection = await _own.OpenConnectionAsync(CancellationToken.None);
        bool readOnly;
        string server;
        await using (var ask = new NpgsqlCommand(Ask, connection))
        await using (var answer = await ask.ExecuteReaderAsync(CancellationToken.None))
        {
            await answer.ReadAsync(CancellationToken.None);
            (readOnly, server) = (answer.GetBoolean(0), answer.GetString(1));
        }

        if (mustCommit && !readOnly)
        {
            await using var commit = new NpgsqlCommand(Commit, connection);
            await commit.ExecuteNonQueryAsync(CancellationToken.None);
        }

        return (readOnly, server);
    }
}
