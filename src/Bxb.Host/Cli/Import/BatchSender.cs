using System.Globalization;

namespace Bxb.Host.Cli.Import;

/// <summary>Sends batches until the host has answered for every event in them. Thread-safe: all connections share one sender.</summary>
/// <remarks>
/// Repeating a request is safe: an event that was recorded although its answer was lost counts as a duplicate. Transient failures (no connection, 408, 429, 5xx) are retried after
/// <c>Retry-After</c> or growing pauses, for up to <see cref="ImportSettings.RetryFor"/>. A batch that is refused for its content is halved until the faulty line is alone.
/// </remarks>
internal sealed class BatchSender : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private readonly HttpClient _client;
    private readonly Uri _address;
    private readonly TimeSpan _retryFor;
    private readonly ImportTally _tally;
    private readonly TimeProvider _time;

    public BatchSender(ImportSettings settings, ImportTally tally, TimeProvider time)
    {
        _client = HostConnection.CreateClient(settings.Url, settings.ApiKey, settings.Connections);
        _address = new Uri(settings.Url, "v1/events/batch?partial=true");
        _retryFor = settings.RetryFor;
        _tally = tally;
        _time = time;
    }

    /// <summary>Sends one batch and reports the outcome of each event to the tally.</summary>
    /// <param name="batch">In use until the task has ended.</param>
    /// <param name="stop">Ends pauses between attempts.</param>
    /// <param name="abort">Ends running requests. Cancelled some time after <paramref name="stop"/>.</param>
    /// <exception cref="CommandException">Wrong key, wrong address, or the host was away for too long.</exception>
    public async Task SendAsync(ImportBatch batch, CancellationToken stop, CancellationToken abort)
    {
        await SendAsync(batch, 0, batch.Count, stop, abort);
        _tally.Finish(batch);
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private async Task SendAsync(ImportBatch batch, int first, int count, CancellationToken stop, CancellationToken abort)
    {
        var answer = await PostAsync(batch, first, count, stop, abort);
        if (answer.IsTaken)
        {
            Take(answer, batch, first, count);
        }
        else if (!answer.IsRefused)
        {
            var detail = answer.Detail.Length > 0 ? answer.Detail : HostConnection.NoReason;
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"The host answered {(int)answer.Status} to POST {_address}. {detail}"));
        }
        else if (count > 1)
        {
            await SendAsync(batch, first, count / 2, stop, abort);
            await SendAsync(batch, first + (count / 2), count - (count / 2), stop, abort);
        }
        else
        {
            var reasons = answer.Faults.Select(f => f.Reason).DefaultIfEmpty(answer.Detail);
            _tally.Reject(batch.LineOf(first), string.Join("; ", reasons));
        }
    }

    private void Take(BatchAnswer answer, ImportBatch batch, int first, int count)
    {
        if (answer.Ingested + answer.Duplicates + answer.Conflicts + answer.Rejected != count)
        {
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"The host at {_address} did not answer for the {count} events of the request: is it Bxb?"));
        }

        _tally.Take(answer.Ingested, answer.Duplicates, answer.Conflicts, answer.Position);
        var told = 0;
        foreach (var line in answer.Faults.Where(f => f.Index >= 0 && f.Index < count).GroupBy(f => f.Index))
        {
            _tally.Reject(batch.LineOf(first + line.Key), string.Join("; ", line.Select(f => f.Reason)));
            told++;
        }

        if (answer.Rejected > told)
        {
            _tally.RejectUntold(answer.Rejected - told, batch.LineOf(first), batch.LineOf(first + count - 1));
        }
    }

    private async Task<BatchAnswer> PostAsync(ImportBatch batch, int first, int count, CancellationToken stop, CancellationToken abort)
    {
        var begun = _time.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan? asked = null;
            string trouble;
            Exception? cause = null;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = batch.Body(first, count) };
                using var response = await _client.SendAsync(request, abort);
                var answer = await BatchAnswer.ReadAsync(response, abort);
                if (!answer.IsTransient)
                {
                    return answer;
                }

                asked = RetryAfter(response);
                trouble = string.Create(CultureInfo.InvariantCulture, $"{(int)answer.Status} {answer.Detail}").TrimEnd();
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !abort.IsCancellationRequested))
            {
                (trouble, cause) = (failure.InnerException?.Message ?? failure.Message, failure);
            }

            var longest = Math.Min(LongestPause.TotalMilliseconds, 100 * Math.Pow(2, Math.Min(attempt, 10)));
            var pause = asked ?? TimeSpan.FromMilliseconds(longest * (0.5 + (Random.Shared.NextDouble() / 2)));
            if (_time.GetElapsedTime(begun) + pause > _retryFor)
            {
                throw new CommandException(
                    string.Create(CultureInfo.InvariantCulture, $"The host at {_address} did not take a batch in {attempt} attempts (--retry-for {_retryFor.TotalSeconds:0}): {trouble}"), cause);
            }

            await Task.Delay(pause, _time, stop);
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var header = response.Headers.RetryAfter;
        var asked = header?.Delta ?? header?.Date - _time.GetUtcNow();
        return asked is null ? null : asked < TimeSpan.Zero ? TimeSpan.Zero : asked;
    }
}
