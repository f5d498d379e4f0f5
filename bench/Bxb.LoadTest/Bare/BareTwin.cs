using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using Bxb.Embedded;
using Bxb.EventLog;
using Bxb.EventLog.Appending;
using Bxb.EventLog.Schema;
using Microsoft.Extensions.Options;

namespace Bxb.LoadTest.Bare;

/// <summary>
/// The bare twin: Kestrel, one pass of a JSON reader, a bounded channel, and the product's append statement on a PostgreSQL of the product's kind. No keys, no
/// checks, no digest, no loader, no ClickHouse: what the same machine can take in if nothing but the writing is done. The product is measured against it.
/// </summary>
internal static class BareTwin
{
    /// <summary>Serves until it is told to stop.</summary>
    public static async Task RunAsync(int port, string dataDirectory, CancellationToken cancellationToken)
    {
        await using var postgres = await EmbeddedPostgres.StartAsync(
            new EmbeddedPostgresOptions { DataDirectory = dataDirectory }, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, cancellationToken);

        // A container that is never started: it makes the schema and the connections, and none of its services runs.
        await using var parts = new ServiceCollection().AddEventLog(o =>
        {
            o.ConnectionString = postgres.ConnectionString;
            o.PartitionPositions = 100_000_000;
        }).BuildServiceProvider();
        await parts.MigrateSqlAsync(cancellationToken);
        await parts.GetRequiredService<PartitionMaker>().EnsureAsync(room: 0, cancellationToken);
        var connections = parts.GetRequiredService<EventLogConnections>();
        var log = new BareLog(connections, parts.GetRequiredService<IOptions<EventLogOptions>>().Value);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        await using var app = builder.Build();
        app.Run(context => context.Request.Path.Value switch
        {
            "/v1/events" => IngestAsync(context, log, isBatch: false),
            "/v1/events/batch" => IngestAsync(context, log, isBatch: true),
            "/count" => CountAsync(context, connections),
            _ => Task.CompletedTask,
        });
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writing = log.RunAsync(stop.Token);
        await app.StartAsync(stop.Token);
        try
        {
            // A writer that fails ends the twin, and with it the run: a ratio to half a twin would flatter.
            await await Task.WhenAny(writing, Task.Delay(Timeout.Infinite, stop.Token));
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static async Task IngestAsync(HttpContext context, BareLog log, bool isBatch)
    {
        var reader = context.Request.BodyReader;
        var read = await reader.ReadAtLeastAsync((int)context.Request.ContentLength!.Value, context.RequestAborted);
        using var block = AppendBlock.Rent(1, (int)read.Buffer.Length);
        Parse(read.Buffer, isBatch, block);
        reader.AdvanceTo(read.Buffer.End);
        await log.AppendAsync(block, context.RequestAborted);

        var (ingested, position) = (0, 0L);
        foreach (ref readonly var e in block.Events)
        {
            ingested += e.Outcome == AppendOutcome.Recorded ? 1 : 0;
            position = Math.Max(position, e.Position);
        }

        var answer = Encoding.ASCII.GetBytes($"{{\"ingested\":{ingested},\"duplicates\":{block.Count - ingested},\"conflicts\":0,\"rejected\":0,\"position\":{position}}}");
        context.Response.StatusCode = isBatch || ingested == 1 ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        await context.Response.BodyWriter.WriteAsync(answer, context.RequestAborted);
    }

    private static void Parse(ReadOnlySequence<byte> body, bool isBatch, AppendBlock block)
    {
        if (body.IsSingleSegment)
        {
            BareReader.Read(body.FirstSpan, isBatch, block);
            return;
        }

        var whole = ArrayPool<byte>.Shared.Rent((int)body.Length);
        body.CopyTo(whole);
        BareReader.Read(whole.AsSpan(0, (int)body.Length), isBatch, block);
        ArrayPool<byte>.Shared.Return(whole);
    }

    private static async Task CountAsync(HttpContext context, EventLogConnections connections)
    {
        await using var command = connections.Reading.CreateCommand("set enable_seqscan = on; select count(*), coalesce(sum((properties->>'bytes')::numeric), 0) from event_log.events");
        await using var row = await command.ExecuteReaderAsync(context.RequestAborted);
        await row.ReadAsync(context.RequestAborted);
        await context.Response.WriteAsJsonAsync(new { events = row.GetInt64(0), bytes = row.GetDecimal(1) }, context.RequestAborted);
    }
}
