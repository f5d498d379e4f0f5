using System.Globalization;
using Bxb.Modularity.Errors;

namespace Bxb.Analytics.Queries.Windows;

/// <summary>
/// How a query is cut into windows, worked out here from one zone database, so that no store's own knowledge of time zones matters. A window is known by its start in
/// milliseconds since the Unix epoch, before it is cut to the query. Immutable.
/// </summary>
internal abstract record WindowPlan
{
    /// <summary>The most days or months of one query: their edges travel with it.</summary>
    public const int MaxEdges = 10_000;

    /// <summary>Makes the plan of a query.</summary>
    /// <exception cref="ApiException">422: there would be more windows than one answer may have.</exception>
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
                return new WindowEdges(LocalDates.Beginnings(query.Zone, from, to, query.Window == UsageWindow.Month));
            default:
                return new OneWindow(query.From, query.To);
        }
    }

    /// <summary>From when to when the window lasts that a store knows by this start.</summary>
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
/// <param name="Edges">Growing; the first is not after the query's beginning, the last not before its end.</param>
internal sealed record WindowEdges(long[] Edges) : WindowPlan
{
    public override (DateTimeOffset From, DateTimeOffset To) Bounds(long start)
    {
        var index = Array.BinarySearch(Edges, start);
        return (Time(Edges[index]), Time(Edges[index + 1]));
    }
}

/// <summary>
/// Equal steps of wall time; where the offset changes within a step, the step ends there and another begins. An instant's window starts at
/// <c>max(floor((instant + offset) / step) * step - offset, start of the offset's span)</c>.
/// </summary>
/// <param name="Step">Milliseconds.</param>
/// <param name="Spans">The offsets in force, in order; the first from the query's beginning.</param>
internal sealed record WindowSteps(long Step, IReadOnlyList<OffsetSpan> Spans) : WindowPlan
{
    /// <summary>A whole number of steps that makes every instant plus offset positive: division then rounds down everywhere.</summary>
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
