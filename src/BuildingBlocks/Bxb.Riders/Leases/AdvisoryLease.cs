using Bxb.EventLog;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.Riders.Leases;

/// <summary>A lease on a name, held by one host at a time through an advisory lock. Confirms at an interval that its session lives; <see cref="Lost"/> fires when it does not.</summary>
/// <remarks>A loss can be noticed late, and a suspended process does not notice it at all. The lease therefore only avoids work that would be refused: every write is fenced by the owner's
/// epoch.</remarks>
internal sealed partial class AdvisoryLease : IAsyncDisposable
{
    private readonly NpgsqlConnection _session;
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _disposing = new();
    private readonly Task _confirming;

    private AdvisoryLease(NpgsqlConnection session, string name, RidersOptions options, TimeProvider time, ILogger logger)
    {
        (_session, _name, _logger) = (session, name, logger);
        Lost = _lost.Token;
        _confirming = Task.Run(() => ConfirmAsync(options, time), CancellationToken.None);
    }

    /// <summary>Fires once, when the session has ended. Usable after disposal.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Waits until the lock is free, ends the session of an owner that is silent, and takes the lock.</summary>
    /// <param name="store">The locks.</param>
    /// <param name="name">The lease's name.</param>
    /// <param name="options">How often an owner confirms, and after which silence it counts as dead.</param>
    /// <param name="waiting">Called when PostgreSQL answers and another host holds the lease.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">The log of the component that uses the lease.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<AdvisoryLease> AcquireAsync(
        LeaseStore store, string name, RidersOptions options, Action waiting, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var session = await store.OpenSessionAsync(cancellationToken);
        try
        {
            while (!await LeaseStore.TryLockAsync(session, name, cancellationToken))
            {
                if (await LeaseStore.BreakSilentAsync(session, name, options.OwnerSilence, cancellationToken))
                {
                    LogBroken(logger, name, options.OwnerSilence);
                    continue;
                }

                waiting();
                await Task.Delay(options.OwnershipInterval, time, cancellationToken);
            }

            return new AdvisoryLease(session, name, options, time, logger);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Releases the lock and ends the session.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposing.IsCancellationRequested)
        {
            return;
        }

        await _disposing.CancelAsync();
        await _confirming;
        await UnlockAsync();
        await _session.DisposeAsync();
        _disposing.Dispose();
        _lost.Dispose();
    }

    /// <summary>The end of the session would release the lock too, but the server notices that later.</summary>
    private async Task UnlockAsync()
    {
        if (_lost.IsCancellationRequested)
        {
            return;
        }

        try
        {
            await using var command = new NpgsqlCommand("select pg_advisory_unlock_all()", _session) { CommandTimeout = 2 };
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (Exception exception) when (exception is InvalidOperationException || EventLogErrors.Find(exception) is not null)
        {
            LogNotUnlocked(_logger, _name, exception.Message);
        }
    }

    private async Task ConfirmAsync(RidersOptions options, TimeProvider time)
    {
        try
        {
            await using var command = new NpgsqlCommand("select 1", _session) { CommandTimeout = Math.Max(1, (int)options.OwnerSilence.TotalSeconds) };
            while (true)
            {
                await Task.Delay(options.OwnershipInterval, time, _disposing.Token);
                await command.ExecuteScalarAsync(_disposing.Token);
            }
        }
        catch (Exception) when (_disposing.IsCancellationRequested)
        {
            LogReleased(_logger, _name);
        }
        catch (Exception exception)
        {
            LogLost(_logger, _name, exception.Message);
            await _lost.CancelAsync();
        }
    }

    [LoggerMessage(2050, LogLevel.Warning, "The owner of the lease {Lease} has not confirmed it for more than {Silence}; its session was ended.")]
    private static partial void LogBroken(ILogger logger, string lease, TimeSpan silence);

    [LoggerMessage(2051, LogLevel.Warning, "The lease {Lease} is lost: {Reason}")]
    private static partial void LogLost(ILogger logger, string lease, string reason);

    [LoggerMessage(2053, LogLevel.Debug, "The lease {Lease} was not released; it ends with its session: {Reason}")]
    private static partial void LogNotUnlocked(ILogger logger, string lease, string reason);

    [LoggerMessage(2052, LogLevel.Debug, "The lease {Lease} is released.")]
    private static partial void LogReleased(ILogger logger, string lease);
}
