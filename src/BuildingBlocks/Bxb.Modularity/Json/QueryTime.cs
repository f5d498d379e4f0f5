using System.Diagnostics.CodeAnalysis;
using System.Text;
using Bxb.Primitives.Time;

namespace Bxb.Modularity.Json;

/// <summary>
/// A time of a query, such as <c>from</c>, <c>to</c> and <c>since</c>: ISO 8601 with an offset, Unix seconds, or a local date or date-time, which needs a time zone. The years are 1 to 9999;
/// no event is older than 1970.
/// </summary>
/// <param name="Milliseconds">Since the Unix epoch; of a local time as if its zone were UTC.</param>
/// <param name="IsLocal">Whether the text has no offset.</param>
public readonly record struct QueryTime(long Milliseconds, bool IsLocal)
{
    /// <summary>The predicate for a malformed text.</summary>
    public const string Rule = "must be a time: ISO 8601, such as 2026-01-01T00:00:00Z or 2026-01-01, or Unix seconds";

    private static readonly long Earliest = DateTimeOffset.MinValue.ToUnixTimeMilliseconds();
    private static readonly long Latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    /// <summary>The instant; a local time is read as UTC.</summary>
    public DateTimeOffset Utc => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);

    /// <summary>Reads the text. In a query string a <c>+</c> that was not encoded arrives as a space, so a space counts as <c>+</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out QueryTime time)
    {
        time = default;
        if (text is null)
        {
            return false;
        }

        var bytes = Encoding.UTF8.GetBytes(text.Replace(' ', '+'));
        var isLocal = false;
        var fault = CalendarTime.Begins(bytes) ? CalendarTime.Read(bytes, out var milliseconds, out isLocal) : UnixSeconds.Read(bytes, out milliseconds);
        if (fault is not (TimestampFault.None or TimestampFault.BeforeEpoch) || milliseconds < Earliest || milliseconds > Latest)
        {
            return false;
        }

        time = new QueryTime(milliseconds, isLocal);
        return true;
    }
}
