namespace Bxb.EventLog.Appending;

/// <summary>Appends blocks of events to the log, many requests to one commit.</summary>
public sealed class EventLogAppender;
