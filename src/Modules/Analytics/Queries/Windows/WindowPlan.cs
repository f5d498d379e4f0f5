using System.Globalization;
using Bxb.Modularity.Errors;

namespace Bxb.Analytics.Queries.Windows;

/// <summary>
/// The windows of a query, computed from the product's time zone data, so that both stores use the same ones. The key of a window is its start in milliseconds since the Unix epoch, before
/// it is clipped to the query. Immutable.
/// </summary>
internal abstract record WindowPlan
{
    /// <summary>Maximum number of days, weeks or months in one query. Their edges are a parameter of the statement.</summary>
    public const int MaxEdges = 10_000;

    /// <summary>Creates the plan of a query.</summary>
    /// <exception cref="ApiException">422: the query has too many windows.</exception>
    public static WindowPlan Of(UsageQuery query, UsageQueryOptions options)
    {
        var (from, to) = (query.FromMilliseconds, query.ToMilliseconds);
        switch (query.Window)
        {
            case UsageWindow.Minute or UsageWindow.FiveMinutes or UsageWindow.FifteenMinutes or UsageWindow.Hour:
                var step = 60_000L * query.Window switch { UsageWindow.Minute => 1, UsageWindow.FiveMinutes => 5, UsageWindow.FifteenMinutes => 15, _ => 60 };
                Require((to - from) / step, options.MaxWindows, query.Window);
                return new WindowSteps(step, ZoneOffsets.Between(query.Zone, from, to), to);
            case UsageWindow.Day or UsageWindow.Week or UsageWindow.Month:
                var shortest = 86_400_000L * query.Window switch { UsageWindow.Day => 1, UsageWindow.Week => 7, _ => 28 };
                Require((to - from) / shortest, MaxEdges, query.Window);
                return new WindowEdges(LocalDates.FindStarts(query.Zone, from, to, query.Window));
            default:
                return new OneWindow(query.From, query.To);
        }
    }

    /// <summary>Returns the bounds of the window with this key.</summary>
    public abstract (DateTimeOffset From, DateTimeOffset To) Bounds(long start);

    /// <summary>Returns the keys of all windows, in order of time.</summary>
    public abstract IEnumerable<long> Keys();

    private protected static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static void Require(long windows, int most, UsageWindow window)
    {
        if (windows > most)
        {
            throw new ApiException(
                ErrorCode.AnswerTooLarge,
                string.Create(CultureInfo.InvariantCulture, $"The range has more than {most} windows ({UsageWindows.NameOf(window)}). Ask for a shorter range or longer windows."));
        }
    }
}

/// <summary>The whole range; its key is 0.</summary>
internal sealed record OneWindow(DateTimeOffset From, DateTimeOffset To) : WindowPlan
{
    public override (DateTimeOffset From, DateTimeOffset To) Bounds(long start) => (From, To);

    public override IEnumerable<long> Keys() => [0];
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

    public override IEnumerable<long> Keys() => Edges.SkipLast(1);
}

/// <summary>
/// Equal steps of wall time. A change of the offset ends a step and begins another. The window of an instant starts at
/// <c>max(floor((instant + offset) / step) * step - offset, start of the offset's span)</c>.
/// </summary>
/// <param name="Step">Milliseconds.</param>
/// <param name="Spans">The offsets in order of time; the first span starts at the start of the query.</param>
/// <param name="End">The end of the query, in milliseconds since the Unix epoch.</param>
internal sealed record WindowSteps(long Step, IReadOnlyList<OffsetSpan> Spans, long End) : WindowPlan
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
    public override IEnumerable<long> Keys()
    {
        for (var at = Spans[0].Start; at < End;)
        {
            // The first window can start before the query, if its offset is the only one.
            var lift = Spans[0].Offset + Lift;
            var key = at == Spans[0].Start && Spans.Count == 1 ? ((at + lift) / Step * Step) - lift : at;
            yield return key;
            at = Bounds(key).To.ToUnixTimeMilliseconds();
        }
    }
}
