using Microsoft.Extensions.Logging;
using Npgsql;

namespace Bxb.Riders.Leases;

/// <summary>A group's lock, held. Confirms at an interval that its session lives; <see cref="Lost"/> fires when it does not.</summary>
/// <remarks>Losing it is noticed late at worst (a suspended process notices nothing at all), so nothing but speed depends on it: progress is fenced by the owner's epoch.</remarks>
internal sealed partial class AdvisoryLease : IAsyncDisposable
{
    private readonly NpgsqlConnection _session;
    private readonly string _group;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _disposing = new();
    private readonly Task _confirming;

    private AdvisoryLease(NpgsqlConnection session, string group, RidersOptions options, TimeProvider time, ILogger logger)
    {
        (_session, _group, _logger) = (session, group, logger);
        Lost = _lost.Token;
        _confirming = Task.Run(() => ConfirmAsync(options, time), CancellationToken.None);
    }

    /// <summary>Fires once, when the session is gone. Usable after disposal.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Waits until the lock is free, breaking that of an owner that has gone silent, and takes it.</summary>
    public static async Task<AdvisoryLease> TakeAsync(
        LeaseStore locks, string group, RidersOptions options, Action waiting, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var session = await locks.OpenSessionAsync(cancellationToken);
        try
        {
            while (!await LeaseStore.TryLockAsync(session, group, cancellationToken))
            {
                if (await LeaseStore.BreakSilentAsync(session, group, options.OwnerSilence, cancellationToken))
                {
                    Broken(logger, group, options.OwnerSilence);
                    continue;
                }

                waiting();
                await Task.Delay(options.OwnershipInterval, time, cancellationToken);
            }

            return new AdvisoryLease(session, group, options, time, logger);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the session, and with it the lock.</summary>
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

    /// <summary>The end of the session would do it too, but the server notices that a moment later.</summary>
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
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
            NotUnlocked(_logger, _group, exception.Message);
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
            Released(_logger, _group);
        }
        catch (Exception exception)
        {
            Gone(_logger, _group, exception.Message);
            await _lost.CancelAsync();
        }
    }

    [LoggerMessage(2050, LogLevel.Warning, "The owner of consumer group {Group} was silent for more than {Silence}; its lock was broken.")]
    private static partial void Broken(ILogger logger, string group, TimeSpan silence);

    [LoggerMessage(2051, LogLevel.Warning, "The lock of consumer group {Group} is lost: {Reason}")]
    private static partial void Gone(ILogger logger, string group, string reason);

    [LoggerMessage(2053, LogLevel.Debug, "The lock of consumer group {Group} was left to the end of its session: {Reason}")]
    private static partial void NotUnlocked(ILogger logger, string group, string reason);

    [LoggerMessage(2052, LogLevel.Debug, "The lock of consumer group {Group} is released.")]
    private static partial void Released(ILogger logger, string group);
}
