using System.Buffers;
using System.Globalization;
using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Reads answers of which only the success, or the error, matters.</summary>
internal static class StatementAnswer
{
    /// <summary>Reads an answer to its end. It has to be empty: whatever else stands there is an error, of the server that changed its mind after the status line, or of a proxy.</summary>
    /// <exception cref="ClickHouseException">It is not empty, or is not whole.</exception>
    internal static async Task RequireEmptyAsync(HttpResponseMessage response, StatementClock clock)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(4 * LateException.HoldBackBytes);
        var end = 0;
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(clock.Token);
            int read;
            while ((read = await stream.ReadAsync(buffer.AsMemory(end), clock.Token)) > 0)
            {
                end += read;
                if (buffer.Length - end < LateException.HoldBackBytes)
                {
                    buffer.AsSpan(end - LateException.HoldBackBytes, LateException.HoldBackBytes).CopyTo(buffer);
                    end = LateException.HoldBackBytes;
                }
            }

            if (end > 0)
            {
                throw LateException.Find(buffer.AsSpan(0, end), LateException.TagOf(response))
                    ?? ClickHouseErrors.Unproven($"a body where none belongs: {Encoding.UTF8.GetString(buffer, 0, Math.Min(end, 200)).ReplaceLineEndings(" ")}");
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            throw LateException.Find(buffer.AsSpan(0, end), LateException.TagOf(response)) ?? clock.Translate(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>How many rows the server says it has written; null when it does not say.</summary>
    internal static long? WrittenRows(HttpResponseMessage response)
    {
        const string Member = "\"written_rows\":\"";
        if (!response.Headers.TryGetValues("X-ClickHouse-Summary", out var summaries))
        {
            return null;
        }

        var summary = summaries.First();
        var at = summary.IndexOf(Member, StringComparison.Ordinal);
        var digits = at < 0 ? default : summary.AsSpan(at + Member.Length);
        var end = digits.IndexOf('"');
        return end > 0 && long.TryParse(digits[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var rows) ? rows : null;
    }

    /// <summary>The text of an error answer, as far as 16 KiB.</summary>
    internal static async Task<string> ErrorTextAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        var end = 0;
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            end = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        }
        catch (IOException)
        {
            // The status and the header have said that it failed; the words for it are lost.
            return "";
        }

        return Encoding.UTF8.GetString(buffer, 0, end);
    }
}
