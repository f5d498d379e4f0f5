namespace Bxb.Analytics.Queries;

/// <summary>How usage is cut along event time.</summary>
internal enum UsageWindow
{
    /// <summary>Not at all: one window from the query's beginning to its end.</summary>
    Total,

    /// <summary>Steps of a minute of local wall time.</summary>
    Minute,

    /// <summary>Steps of an hour of local wall time.</summary>
    Hour,

    /// <summary>Local days, from midnight to midnight: 23 or 25 hours where the clocks change.</summary>
    Day,

    /// <summary>Local months.</summary>
    Month,
}
