namespace Bxb.Primitives.Time;

/// <summary>Faults of the text of a time.</summary>
public enum TimestampFault
{
    /// <summary>No fault.</summary>
    None,

    /// <summary>Neither ISO 8601 nor Unix seconds.</summary>
    Malformed,

    /// <summary>ISO 8601 without an offset, where one is needed to name an instant.</summary>
    NoOffset,

    /// <summary>Well-formed, but not on the calendar or the clock.</summary>
    NoSuchTime,

    /// <summary>Before 1970.</summary>
    BeforeEpoch,

    /// <summary>Later than allowed, or than can be represented.</summary>
    TooFarAhead,
}
