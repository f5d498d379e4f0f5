using System.Buffers;
using System.Globalization;
using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Reads answers without a result.</summary>
internal static class StatementAnswer
{
    /// <summary>Reads an answer to its end. It must be empty: a body is an error of the server after the status line, or of a proxy.</summary>
    /// <exception cref="ClickHouseException">The answer is not empty or is incomplete.</exception>
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

    /// <summary>The number of written rows that the server reports; null if it does not.</summary>
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

    /// <summary>The text of an error answer, up to 16 KiB.</summary>
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
            // Status and header report the failure; its text is lost.
            return "";
        }

        return Encoding.UTF8.GetString(buffer, 0, end);
    }
}
