using Bxb.EventLog.Reading;
using Bxb.Riders.Progress;
using Bxb.Riders.Transport;

namespace Bxb.Riders.Replays;

/// <summary>Converts times and offsets to positions, and chooses the source of the records. Thread-safe.</summary>
internal sealed class ReplayPlanner(IEventTransport transport, EventLogTimes times, SettledPosition settled)
{
    /// <summary>Plans a replay.</summary>
    /// <param name="request">The request.</param>
    /// <param name="rows">The group's partitions.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ReplayRefusedException">The replay is not possible.</exception>
    public async Task<ReplayPlan> PlanAsync(ReplayRequest request, IReadOnlyList<PartitionRow> rows, CancellationToken cancellationToken)
    {
        if (request.Target == ReplayTarget.Shadow)
        {
            return rows.Any(r => r.Progress.Position > 0)
                ? PlanShadow(request, await settled.RefreshAsync(cancellationToken))
                : throw Invalid(nameof(ReplayRequest.Target), "The group has processed nothing yet, so its store needs no copy.");
        }

        var head = rows.Count == 0 ? 0 : rows.Min(r => r.Progress.Position);
        var from = await FindAsync(request.From, isStart: true, rows, cancellationToken);
        var until = request.To is null ? null : await FindAsync(request.To, isStart: false, rows, cancellationToken);
        if (until?.Keys.FirstOrDefault(p => !from.ContainsKey(p), -1) is >= 0 and var other)
        {
            throw Invalid(nameof(ReplayRequest.To), $"Partition {other} has an end and no start.");
        }

        var ranges = new List<PartitionRange>();
        foreach (var (partition, start) in from)
        {
            // The group has processed what all its partitions have. A request that names partitions means each partition's own progress.
            var processed = rows.First(r => r.Partition == partition).Progress.Position;
            var end = Math.Min(processed, until is not null && until.TryGetValue(partition, out var given) ? given.Position : request.From.Offsets is null ? head : processed);
            if (start.Position < end)
            {
                ranges.Add(new PartitionRange(partition, start.Position, start.Offset, end));
            }
        }

        if (ranges.Count == 0)
        {
            throw Invalid(
                nameof(ReplayRequest.From), $"Nothing lies between the start and the end: the group has processed everything up to position {head}, and what follows comes by itself.");
        }

        var (source, note) = await ChooseAsync(request.Source, ranges, cancellationToken);
        return new ReplayPlan(request.Target, ranges, source, note, Math.Max(1, (ranges.Max(r => r.Until) - ranges.Min(r => r.From)) * ranges.Count / rows.Count));
    }

    private static ReplayPlan PlanShadow(ReplayRequest request, long head)
    {
        if (request.To is not null)
        {
            throw Invalid(nameof(ReplayRequest.To), "A copy takes the live store's place, so it has no end but the log's head.");
        }

        if (request.From is not { Position: 0 or 1, Time: null, Offsets: null })
        {
            throw Invalid(nameof(ReplayRequest.From), "A copy takes the live store's place, so it begins with the log's first event: position 0.");
        }

        return request.Source != ReplaySource.Kafka
            ? new ReplayPlan(request.Target, [new PartitionRange(0, 0, -1, head)], ReplaySource.Log, Note: null, head)
            : throw Invalid(nameof(ReplayRequest.Source), "A copy is built from the event log, which holds everything; a topic does not.");
    }

    /// <summary>The checkpoint just below a start, or that of an end, by partition.</summary>
    private async Task<Dictionary<int, Checkpoint>> FindAsync(ReplayBound bound, bool isStart, IReadOnlyList<PartitionRow> rows, CancellationToken cancellationToken)
    {
        var member = isStart ? nameof(ReplayRequest.From) : nameof(ReplayRequest.To);
        if (bound is { Offsets: { } offsets, Position: null, Time: null })
        {
            return await FindOffsetsAsync(offsets, member, isStart, rows, cancellationToken);
        }

        var position = bound switch
        {
            { Position: { } given, Time: null, Offsets: null } => await CheckAsync(given, member, cancellationToken) - (isStart ? 1 : 0),
            { Time: { } time, Position: null, Offsets: null } => isStart ? await times.FindBelowAsync(time, cancellationToken) : await times.FindLastBeforeAsync(time, cancellationToken),
            _ => throw Invalid(member, "One of position, time and offsets says where."),
        };
        return rows.ToDictionary(r => r.Partition, _ => new Checkpoint(Math.Max(0, position)));
    }

    private async ValueTask<long> CheckAsync(long position, string member, CancellationToken cancellationToken)
    {
        if (position < 0)
        {
            throw Invalid(member, "A position is not below 0.");
        }

        if (position > settled.Head)
        {
            await settled.RefreshAsync(cancellationToken);
        }

        return position <= settled.Head ? position : throw new ReplayRefusedException(
            ReplayRefusal.BeyondHead, $"Position {position} lies beyond the log's head, which is {settled.Head}.", member);
    }

    private async Task<Dictionary<int, Checkpoint>> FindOffsetsAsync(
        IReadOnlyDictionary<int, long> offsets, string member, bool isStart, IReadOnlyList<PartitionRow> rows, CancellationToken cancellationToken)
    {
        var topic = transport.Topic ?? throw Invalid(member, "There are no offsets: the groups read the event log itself. Say a position or a time.");
        var found = new Dictionary<int, Checkpoint>();
        var spans = await AskAsync(topic.FindSpansAsync(cancellationToken), cancellationToken);
        foreach (var (partition, offset) in offsets)
        {
            if (!rows.Any(r => r.Partition == partition) || spans.All(s => s.Partition != partition))
            {
                throw Invalid(member, $"The group has no partition {partition}.");
            }

            var span = spans.First(s => s.Partition == partition);
            found[partition] = offset == span.EndOffset
                ? rows.First(r => r.Partition == partition).Progress
                : await AskAsync(topic.FindPositionAsync(partition, offset, cancellationToken), cancellationToken) is { } position
                    ? new Checkpoint(position, isStart ? offset : -1)
                    : throw Invalid(member, $"Offset {offset} is not held: partition {partition} of {topic.Name} begins with {span.FirstOffset} and ends before {span.EndOffset}.");
        }

        return found.Count > 0 ? found : throw Invalid(member, "No partition is named.");
    }

    private async Task<(ReplaySource Source, string? Note)> ChooseAsync(ReplaySource wanted, List<PartitionRange> ranges, CancellationToken cancellationToken)
    {
        if (transport.Topic is not { } topic)
        {
            return wanted != ReplaySource.Kafka
                ? (ReplaySource.Log, null)
                : throw Invalid(nameof(ReplayRequest.Source), "There is no topic: the groups read the event log itself.");
        }

        if (wanted == ReplaySource.Log)
        {
            return (ReplaySource.Log, null);
        }

        IReadOnlyList<TopicSpan> spans;
        try
        {
            spans = await AskAsync(topic.FindSpansAsync(cancellationToken), cancellationToken);
        }
        catch (ReplayRefusedException) when (wanted == ReplaySource.Auto)
        {
            return (ReplaySource.Log, "The brokers did not say what the topic holds, so the event log is read.");
        }

        var missing = ranges.Where(r => spans.FirstOrDefault(s => s.Partition == r.Partition, new TopicSpan(r.Partition, long.MaxValue, 0, 0)).HeldAbove > r.From).ToList();
        if (missing.Count == 0)
        {
            return (ReplaySource.Kafka, null);
        }

        var oldest = spans.Max(s => s.HeldAbove) + 1;
        var sentence = $"The topic {topic.Name} no longer holds position {missing.Min(r => r.From) + 1}: its retention has left everything from position {oldest} on.";
        return wanted == ReplaySource.Auto
            ? (ReplaySource.Log, sentence + " So the event log is read.")
            : throw Invalid(nameof(ReplayRequest.Source), sentence + " The event log holds it: ask for the source log, or auto.");
    }

    private static async Task<T> AskAsync<T>(Task<T> answer, CancellationToken cancellationToken)
    {
        try
        {
            return await answer;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ReplayRefusedException(ReplayRefusal.Unavailable, "The brokers do not say what the topic holds.", inner: exception);
        }
    }

    private static ReplayRefusedException Invalid(string member, string message) => new(ReplayRefusal.Invalid, message, member);
}
