using System.Diagnostics;
using System.Net.Sockets;
using Bxb.LoadTest.Figures;
using Bxb.LoadTest.Target;
using Bxb.LoadTest.Wire;

namespace Bxb.LoadTest.Traffic;

/// <summary>One connection's load: makes requests, sends each until it is acknowledged, and keeps count of what was. Not thread-safe.</summary>
internal sealed class Sender
{
    /// <summary>A request under way when the load ends is tried this much longer, so that nothing stays in doubt.</summary>
    private static readonly TimeSpan LastTries = TimeSpan.FromSeconds(30);

    private readonly Uri _host;
    private readonly RequestBody _body;
    private readonly Pacer _pacer;
    private readonly int _batch;
    private HttpConnection? _connection;

    public Sender(LoadSettings settings, Uri host, Organization organization, EventTemplate template, Pacer pacer, int index)
    {
        _host = host;
        _pacer = pacer;
        _batch = settings.Batch;
        Organization = organization;
        var path = settings.Batch == 1 ? "/v1/events" : "/v1/events/batch";
        _body = new RequestBody(length => HttpConnection.PostHead(host, path, organization.ApiKey, length), template, settings.Batch, settings.DuplicatePercent, index);
    }

    /// <summary>Whose events it sends.</summary>
    public Organization Organization { get; }

    /// <summary>Everything acknowledged for the first time, warm-up included: what the stores must hold.</summary>
    public Sums Acknowledged { get; } = new();

    /// <summary>Events acknowledged within the measured time, duplicates included.</summary>
    public long MeasuredEvents { get; private set; }

    /// <summary>The same and those acknowledged after it: what the CPU time is divided by.</summary>
    public long EventsAfterWarmUp { get; private set; }

    /// <summary>From the intended time to the answer, of the requests that were due within the measured time.</summary>
    public LatencyHistogram Latency { get; } = new();

    /// <summary>The answers' counts of new events.</summary>
    public long ToldIngested { get; private set; }

    /// <summary>The answers' counts of known events.</summary>
    public long ToldDuplicates { get; private set; }

    /// <summary>Known events that were sent on purpose.</summary>
    public long SentDuplicates { get; private set; }

    /// <summary>Answers 429 and 503.</summary>
    public long Throttled { get; private set; }

    /// <summary>Requests sent again because the connection broke; their events may be told as duplicates.</summary>
    public long Resent { get; private set; }

    /// <summary>The highest position that an answer named.</summary>
    public long Position { get; private set; }

    /// <summary>Sends until the load is over and the last request is acknowledged.</summary>
    /// <exception cref="LoadException">The host refuses the load, or does not come back.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _pacer.NextAsync(cancellationToken) is { } intended)
            {
                MakeNext();
                var answer = await DeliverAsync(cancellationToken);
                var now = Stopwatch.GetTimestamp();
                if (_pacer.IsMeasured(intended))
                {
                    Latency.Record(Stopwatch.GetElapsedTime(intended, now));
                }

                if (_pacer.IsMeasured(now))
                {
                    MeasuredEvents += _batch;
                }

                EventsAfterWarmUp += _pacer.IsWarm(now) ? _batch : 0;

                Count(answer);
            }
        }
        finally
        {
            _connection?.Dispose();
        }
    }

    private void MakeNext()
    {
        Span<byte> timestamp = stackalloc byte[EventTemplate.TimestampLength];
        TimeProvider.System.GetUtcNow().TryFormat(timestamp, out _, "yyyy-MM-ddTHH:mm:ss.fffZ");
        _body.Next(timestamp);
    }

    private void Count(Answer answer)
    {
        Acknowledged.Add(_body.Fresh);
        SentDuplicates += _body.Duplicates;
        ToldIngested += _batch == 1 ? (answer.Status == 201 ? 1 : 0) : answer.Ingested;
        ToldDuplicates += _batch == 1 ? (answer.Status == 200 ? 1 : 0) : answer.Duplicates;
        Position = Math.Max(Position, answer.Position);
    }

    private async ValueTask<Answer> DeliverAsync(CancellationToken cancellationToken)
    {
        var begun = Stopwatch.GetTimestamp();
        while (true)
        {
            string trouble;
            try
            {
                _connection ??= await HttpConnection.OpenAsync(_host, cancellationToken);
                var answer = await _connection.SendAsync(_body.Request, cancellationToken);
                if (answer.Closes)
                {
                    Close();
                }

                if (answer.Status is 200 or 201)
                {
                    return answer;
                }

                if (answer.Status is not (429 or 503))
                {
                    throw new LoadException($"The host answered {answer.Status} to the load.");
                }

                Throttled++;
                trouble = $"it answered {answer.Status}";
                await Task.Delay(answer.RetryAfter, cancellationToken);
            }
            catch (Exception broken) when (broken is IOException or SocketException)
            {
                Close();
                Resent++;
                trouble = broken.Message;
                await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
            }

            if (Stopwatch.GetElapsedTime(begun) > LastTries)
            {
                throw new LoadException($"The host did not acknowledge a request for {LastTries.TotalSeconds:0} s: {trouble}");
            }
        }
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
