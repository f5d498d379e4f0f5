namespace Bxb.EventLog.Records;

/// <summary>The kind of an entry of the log. The numbers are stored and never change.</summary>
public enum EventKind : short
{
    /// <summary>An event as it was sent.</summary>
    Recorded = 1,

    /// <summary>An event that replaces another one.</summary>
    Amended = 2,

    /// <summary>The entry voids another event.</summary>
    Voided = 3,
}
