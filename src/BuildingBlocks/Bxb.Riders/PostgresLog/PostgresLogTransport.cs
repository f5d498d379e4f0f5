using Bxb.EventLog.Reading;
using Bxb.Riders.Leases;
using Bxb.Riders.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Bxb.Riders.PostgresLog;

/// <summary>Reads the event log itself: one partition, leased by one host at a time for each group.</summary>
internal sealed class PostgresLogTransport(
    LeaseStore leases, EventLogReader reader, SettledPosition settled, IOptions<RidersOptions> options, TimeProvider time, ILogger<PostgresLogTransport> logger) : IEventTransport
{
    /// <summary>The name of the log as a stream with one partition.</summary>
    public const string StreamName = "postgresql";

    public string Name => "postgresql";

    public IEventTopic? Topic => null;

    public int Partitions => 1;

    public long Delivered => settled.Current;

    public Task WaitForPartitionsAsync(int known, CancellationToken cancellationToken) => Task.Delay(Timeout.Infinite, cancellationToken);

    public async Task<IPartitionLease> AcquireAsync(string group, Action waiting, CancellationToken cancellationToken)
    {
        var lease = await AdvisoryLease.AcquireAsync(leases, group, options.Value, waiting, time, logger, cancellationToken);
        return new LogPartition(lease, reader, settled, time);
    }

    public Task LeaveAsync(string group) => Task.CompletedTask;

    public long CountLag(int partition, Checkpoint reached) => Math.Max(0, settled.Current - reached.Position);
}
