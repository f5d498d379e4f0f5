using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Bxb.EventLog;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Records;
using Bxb.EventLog.Schema;
using Bxb.Riders.Replays;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Bxb.Riders.Compliance;

/// <summary>A log in its own database, and hosts that read it over one transport. Another transport overrides the differences.</summary>
public class TransportRig : IAsyncDisposable
{
    private readonly List<ComplianceHost> _hosts = [];
    private IHost? _writer;
    private NpgsqlDataSource? _database;
    private int _appended;
    private string _connectionString = "";

    /// <summary>The database; empty before <see cref="StartAsync"/>.</summary>
    public virtual string ConnectionString => _connectionString;

    /// <summary>The database, for checks and for causing failures.</summary>
    public NpgsqlDataSource Database => _database!;

    /// <summary>Creates the database with its schema, and starts the log.</summary>
    public virtual async Task StartAsync()
    {
        _connectionString = await TestPostgres.CreateDatabaseAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddEventLog(o => o.ConnectionString = ConnectionString);
        builder.Services.AddSqlMigrations(typeof(RidersRegistration).Assembly, "riders", "Schema");
        if (HasReplays)
        {
            builder.Services.AddSqlMigrations(typeof(ReplaysRegistration).Assembly, "riders_replays", "Schema");
        }

        _writer = builder.Build();
        await _writer.Services.MigrateSqlAsync(CancellationToken.None);
        await _writer.StartAsync();
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(ConnectionString) { ApplicationName = "rig" });
    }

    /// <summary>Whether the database has the tables of replays from the beginning.</summary>
    protected virtual bool HasReplays => true;

    /// <summary>The hosts of the test.</summary>
    protected IReadOnlyList<ComplianceHost> Hosts => _hosts;

    /// <summary>Registers the transport in a host's container. The PostgreSQL log is the default and needs no registration.</summary>
    public virtual void AddTransport(IServiceCollection services)
    {
    }

    /// <summary>Ends the leases of every host as the death of its process would. A loop whose consumer is at work notices it only through its token.</summary>
    public virtual async Task EndLeasesAsync() => await ExecuteAsync(
        "select pg_terminate_backend(l.pid) from pg_locks l where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())");

    /// <summary>Starts a host. Disposed of with the rig, by force.</summary>
    public async Task<ComplianceHost> StartHostAsync(Action<ComplianceHostBuilder> configure)
    {
        return await BuildHost(configure).StartAsync();
    }

    /// <summary>Creates a host without starting it.</summary>
    public ComplianceHost BuildHost(Action<ComplianceHostBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new ComplianceHostBuilder(this);
        configure(builder);
        var host = builder.Build();
        _hosts.Add(host);
        return host;
    }

    /// <summary>The number of customers; the appended events belong to them in turn.</summary>
    public int Customers { get; init; } = 1;

    /// <summary>Whether padding is random, so that compression does not shrink it.</summary>
    public bool PadsWithNoise { get; init; }

    /// <summary>Appends events and returns their positions. Properties: {"n": number}, padded to a size.</summary>
    public async Task<IReadOnlyList<long>> AppendAsync(int count, int organizationId = 1, int padding = 0, string? traceParent = null)
    {
        using var block = AppendBlock.Rent(organizationId);
        block.TraceParent = traceParent;
        for (var i = 0; i < count; i++)
        {
            Add(block, Interlocked.Increment(ref _appended), padding);
        }

        while (!await TryAppendAsync(block))
        {
            // Some tests end every session of the server; the same block may be appended again.
        }

        return [.. block.Events.ToArray().Select(e => e.Position)];
    }

    private async Task<bool> TryAppendAsync(AppendBlock block)
    {
        try
        {
            await _writer!.Services.GetRequiredService<EventLogAppender>().AppendAsync(block, CancellationToken.None);
            return true;
        }
        catch (EventLogUnavailableException)
        {
            return false;
        }
    }

    /// <summary>Runs a statement.</summary>
    public async Task<int> ExecuteAsync(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads one value.</summary>
    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = Database.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>The stored progress of a group; -1 when there is none.</summary>
    public Task<long> ProgressAsync(string group) => ScalarAsync<long>($"select coalesce((select min(progress) from event_log.consumer_groups where group_name = '{group}'), -1)");

    /// <inheritdoc />
    public virtual async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        if (_writer is not null)
        {
            await _writer.StopAsync();
            _writer.Dispose();
        }

        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    private void Add(AppendBlock block, int number, int padding)
    {
        var pending = new PendingEvent
        {
            TransactionId = block.Append(Encoding.UTF8.GetBytes($"t-{number}")),
            ExternalCustomerId = block.Append(Encoding.UTF8.GetBytes($"c-{1 + (number % Customers)}")),
            Code = block.Append("api_calls"u8),
            TimestampMilliseconds = 1_700_000_000_000,
            TimestampGiven = true,
            Kind = EventKind.Recorded,
        };
        var pad = PadsWithNoise ? RandomNumberGenerator.GetHexString(padding) : new string('x', padding);
        var text = string.Create(CultureInfo.InvariantCulture, $$"""{"n":{{number}},"pad":"{{pad}}"}""");
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(text));
        reader.Read();
        pending.Properties = CanonicalProperties.Write(ref reader, block, new PropertyLimits(), new PropertyFaults());
        pending.Digest = EventDigest.Compute(block, in pending);
        block.Add(in pending);
    }
}
