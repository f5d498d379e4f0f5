using System.Buffers;
using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Reads answers of which only the success, or the error, matters.</summary>
internal static class StatementAnswer
{
    /// <summary>Reads an answer to its end and throws what stands there, if the server changed its mind after the status line.</summary>
    internal static async Task DrainAsync(HttpResponseMessage response, StatementClock clock)
    {
        var tag = response.Headers.TryGetValues(LateException.TagHeader, out var tags) ? tags.First() : null;
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

            if (LateException.Find(buffer.AsSpan(0, end), tag) is { } late)
            {
                throw late;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            throw LateException.Find(buffer.AsSpan(0, end), tag) ?? clock.Translate(e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
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
