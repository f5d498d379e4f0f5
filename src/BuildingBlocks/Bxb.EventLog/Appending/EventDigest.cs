namespace Bxb.EventLog.Appending;

/// <summary>The digest over an event's canonical content.</summary>
public static class EventDigest;
