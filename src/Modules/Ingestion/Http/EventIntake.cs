using System.Diagnostics;
using Bxb.EventLog;
using Bxb.EventLog.Appending;
using Bxb.Ingestion.Reading;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bxb.Ingestion.Http;

/// <summary>Takes in one request: reads its body, reads and checks its events, and appends them to the log. If the result has no refusal, the events are durable.</summary>
/// <remarks>
/// Thread-safe. A request that is cancelled before the commit begins leaves nothing. After that its events may be recorded without an answer; when the request is repeated, they are
/// duplicates.
/// </remarks>
internal sealed class EventIntake(
    BatchReader reader, EventLogAppender appender, Admission admission, IngestionOptions options, IngestionInstruments instruments, ILogger<EventIntake> logger)
{
    public ValueTask<TakenEvents> TakeEventAsync(HttpContext context) => TakeAsync(context, batch: false, partial: false);

    /// <summary>Takes in a batch.</summary>
    /// <param name="context">The request.</param>
    /// <param name="partial">Whether the valid events are recorded without the invalid ones.</param>
    public ValueTask<TakenEvents> TakeBatchAsync(HttpContext context, bool partial) => TakeAsync(context, batch: true, partial);

    private async ValueTask<TakenEvents> TakeAsync(HttpContext context, bool batch, bool partial)
    {
        var started = Stopwatch.GetTimestamp();
        var taken = new TakenEvents(admission);
        try
        {
            taken.Refusal = await ReadAsync(context, batch, partial, taken);
            if (taken.Refusal is null && taken.Block!.Count > 0)
            {
                await AppendAsync(taken, context.RequestAborted);
            }
        }
        catch
        {
            taken.Dispose();
            throw;
        }

        instruments.Took(taken, batch, Stopwatch.GetElapsedTime(started));
        if (taken.Refusal is { } refusal)
        {
            IngestionLog.Refused(logger, context.Caller().OrganizationId, refusal.Code.Code, refusal.Detail);
        }
        else
        {
            IngestionLog.Took(logger, context.Caller().OrganizationId, taken.Recorded, taken.Duplicates, taken.Conflicts, taken.Rejected, taken.Position);
        }

        return taken;
    }

    private async ValueTask<Refusal?> ReadAsync(HttpContext context, bool batch, bool partial, TakenEvents taken)
    {
        var (body, refusal) = await BodyReader.ReadAsync(context, batch ? options.MaxBatchBytes : options.MaxEventBytes, taken.Lease);
        if (body is null)
        {
            return refusal;
        }

        // The body is released here: during the commit only the block is held.
        using (body)
        {
            taken.Bytes = body.Length;
            var events = batch ? reader.EstimateEvents(body.Length) : 1;
            if (!taken.Lease.TryAdd(BatchReader.EstimateBytes(body.Length, events)))
            {
                return Refusal.AtLimit;
            }

            var block = AppendBlock.Rent(context.Caller().OrganizationId, Math.Max(body.Length, 64), events);
            block.TraceParent = TraceContext.Of(context);
            taken.Block = block;
            if (!batch)
            {
                return reader.ReadEvent(body.Span, block, taken.Faults);
            }

            var refused = reader.ReadBatch(body.Span, partial, block, taken.Lease, taken.Faults, out var rejected);
            taken.Rejected = rejected;
            return refused;
        }
    }

    private async ValueTask AppendAsync(TakenEvents taken, CancellationToken cancellation)
    {
        try
        {
            await appender.AppendAsync(taken.Block!, cancellation);
            taken.Count();
        }
        catch (EventLogUnavailableException)
        {
            taken.Refusal = new Refusal(ErrorCode.Unavailable, "The event log does not answer. Send the same request again; no event is counted twice.");
        }
    }
}
