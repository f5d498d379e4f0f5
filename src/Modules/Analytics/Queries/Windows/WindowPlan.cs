using System.Globalization;
using Bxb.Modularity.Errors;

namespace Bxb.Analytics.Queries.Windows;

/// <summary>
/// The windows of a query, computed from the host's time zone data, so that both stores use the same ones. The key of a window is its start in milliseconds since the Unix epoch, before
/// it is clipped to the query. Immutable.
/// </summary>
internal abstract record WindowPlan
{
    /// <summary>Maximum number of days or months in one query. Their edges are a parameter of the statement.</summary>
    public const int MaxEdges = 10_000;

    /// <summary>Creates the plan of a query.</summary>
    /// <exception cref="ApiException">422: the query has too many windows.</exception>
    public static WindowPlan Of(UsageQuery query, UsageQueryOptions options)
    {
        var (from, to) = (query.FromMilliseconds, query.ToMilliseconds);
        switch (query.Window)
        {
            case UsageWindow.Minute or UsageWindow.Hour:
                var step = query.Window == UsageWindow.Minute ? 60_000L : 3_600_000L;
                Require((to - from) / step, options.MaxWindows, query.Window);
                return new WindowSteps(step, ZoneOffsets.Between(query.Zone, from, to));
            case UsageWindow.Day or UsageWindow.Month:
                var shortest = query.Window == UsageWindow.Day ? 86_400_000L : 28 * 86_400_000L;
                Require((to - from) / shortest, MaxEdges, query.Window);
                return new WindowEdges(LocalDates.FindStarts(query.Zone, from, to, query.Window == UsageWindow.Month));
            default:
                return new OneWindow(query.From, query.To);
        }
    }

    /// <summary>Returns the bounds of the window with this key.</summary>
    public abstract (DateTimeOffset From, DateTimeOffset To) Bounds(long start);

    private protected static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static void Require(long windows, int most, UsageWindow window)
    {
        if (windows > most)
        {
            var unit = window.ToString().ToLowerInvariant();
            throw new ApiException(ErrorCode.AnswerTooLarge, string.Create(CultureInfo.InvariantCulture, $"The range has more than {most} windows of a {unit}. Ask for a shorter range or longer windows."));
        }
    }
}

/// <summary>The whole range; its key is 0.</summary>
internal sealed record OneWindow(DateTimeOffset From, DateTimeOffset To) : WindowPlan
{
    public override (DateTimeOffset From, DateTimeOffset To) Bounds(long start) => (From, To);
}

/// <summary>Windows between neighbouring edges.</summary>
/// <param name="Edges">Ascending; the first is not after the start of the query, the last not before its end.</param>
internal sealed record WindowEdges(long[] Edges) : WindowPlan
{
    public override (DateTimeOffset From, DateTimeOffset To) Bounds(long start)
    {
        var index = Array.BinarySearch(Edges, start);
        return (Time(Edges[index]), Time(Edges[index + 1]));
    }
}

/// <summary>
/// Equal steps of wall time. A change of the offset ends a step and begins another. The window of an instant starts at
/// <c>max(floor((instant + offset) / step) * step - offset, start of the offset's span)</c>.
/// </summary>
/// <param name="Step">Milliseconds.</param>
/// <param name="Spans">The offsets in order of time; the first span starts at the start of the query.</param>
internal sealed record WindowSteps(long Step, IReadOnlyList<OffsetSpan> Spans) : WindowPlan
{
    /// <summary>A multiple of the step that makes every instant plus offset positive, so that division always rounds down.</summary>
    public const long Lift = 2 * 86_400_000;

    public override (DateTimeOffset From, DateTimeOffset To) Bounds(long start)
    {
        var index = Spans.Count - 1;
        while (index > 0 && Spans[index].Start > start)
        {
            index--;
        }

        var offset = Spans[index].Offset + Lift;
        var end = ((((start + offset) / Step) + 1) * Step) - offset;
        return (Time(start), Time(index + 1 < Spans.Count ? Math.Min(end, Spans[index + 1].Start) : end));
    }
}
