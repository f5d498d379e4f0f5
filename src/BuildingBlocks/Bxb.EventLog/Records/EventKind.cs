namespace Bxb.EventLog.Records;

/// <summary>What a record of the log says. The numbers stand in every store and never change.</summary>
public enum EventKind : short
{
    /// <summary>An event as it was sent.</summary>
    Recorded = 1,

    /// <summary>An event that replaces another one.</summary>
    Amended = 2,

    /// <summary>The word that another event no longer counts.</summary>
    Voided = 3,
}
