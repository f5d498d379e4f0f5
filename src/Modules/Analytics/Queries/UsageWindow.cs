namespace Bxb.Analytics.Queries;

/// <summary>The length of a window of event time.</summary>
internal enum UsageWindow
{
    /// <summary>One window for the whole range.</summary>
    Total,

    /// <summary>Minutes of local wall time.</summary>
    Minute,

    /// <summary>Hours of local wall time.</summary>
    Hour,

    /// <summary>Local days from midnight to midnight; 23 or 25 hours when the clocks change.</summary>
    Day,

    /// <summary>Local months.</summary>
    Month,
}
