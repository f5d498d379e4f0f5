namespace Bxb.Analytics.Queries;

/// <summary>The length of a window of event time.</summary>
internal enum UsageWindow
{
    /// <summary>One window for the whole range.</summary>
    Total,

    /// <summary>Minutes of local wall time.</summary>
    Minute,

    /// <summary>Five minutes of local wall time, from the full hour on.</summary>
    FiveMinutes,

    /// <summary>Quarters of an hour of local wall time, from the full hour on.</summary>
    FifteenMinutes,

    /// <summary>Hours of local wall time.</summary>
    Hour,

    /// <summary>Local days from midnight to midnight; 23 or 25 hours when the clocks change.</summary>
    Day,

    /// <summary>ISO weeks: seven local days from Monday on.</summary>
    Week,

    /// <summary>Local months.</summary>
    Month,
}

/// <summary>The names of windows in requests and answers.</summary>
internal static class UsageWindows
{
    /// <summary>The names, in the order of the values.</summary>
    public static IReadOnlyList<string> Names { get; } = ["total", "minute", "5m", "15m", "hour", "day", "week", "month"];

    /// <summary>Returns the name of a window.</summary>
    public static string NameOf(UsageWindow window) => Names[(int)window];
}
