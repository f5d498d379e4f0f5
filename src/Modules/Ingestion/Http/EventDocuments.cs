using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;

namespace Bxb.Ingestion.Http;

// The bodies of the event calls, for the API document only. The hot path does not create them.

/// <summary>An event as it is sent.</summary>
internal sealed record EventToSend(
    [property: Required, StringLength(255, MinimumLength = 1), Description("The sender's id; sent again it is counted once. Not . or .., which no path can name.")] string TransactionId,
    [property: Required, StringLength(255, MinimumLength = 1), Description("The customer, by the sender's name for it.")] string ExternalCustomerId,
    [property: Required, StringLength(255, MinimumLength = 1), Description("The event's type. Not . or ..")] string Code,
    [property: Description("ISO 8601 with an offset, or Unix seconds as a number or text, with fraction. Absent: now.")] string? Timestamp = null,
    [property: Description("At most 64 KiB, depth 16.")] JsonObject? Properties = null);

/// <summary>A batch as it is sent.</summary>
internal sealed record BatchToSend([property: Required, MinLength(1), MaxLength(10_000)] IReadOnlyList<EventToSend> Events);

/// <summary>The outcome of one event.</summary>
internal sealed record EventTaken(string TransactionId, long Position, [property: Description("recorded or duplicate")] string Status);

/// <summary>The outcome of a batch.</summary>
internal sealed record BatchTaken(
    int Ingested, int Duplicates, int Conflicts, int Rejected, long Position,
    [property: Description("Transaction ids of the first 100 conflicts.")] IReadOnlyList<string>? ConflictIds,
    [property: Description("The first 100 faults of rejected events.")] IReadOnlyList<EventFault>? Errors);

/// <summary>A fault of an event of a batch.</summary>
internal sealed record EventFault(string Pointer, string Reason);

/// <summary>An event of the log.</summary>
internal sealed record EventSeen(
    string TransactionId, string ExternalCustomerId, string Code, DateTimeOffset Timestamp, JsonObject Properties, long Position, DateTimeOffset IngestedAt,
    [property: Description("Only when not empty.")] string? Source);

/// <summary>The problem document of an event whose identity is recorded with other content.</summary>
internal sealed record EventConflictProblem(
    string Type, string Title, int Status, string Detail, string Code,
    [property: Description("The recorded event; absent if retention has dropped it.")] EventSeen? Recorded);

/// <summary>A page of events.</summary>
internal sealed record EventPage(IReadOnlyList<EventSeen> Events, [property: Description("Absent on the last page.")] string? NextCursor);

/// <summary>An event that was sent again with other content.</summary>
internal sealed record ConflictSeen(EventSeen Recorded, EventSent Sent, DateTimeOffset At);

/// <summary>An event that was sent and is not in the log.</summary>
internal sealed record EventSent(
    string TransactionId, string ExternalCustomerId, string Code, DateTimeOffset Timestamp, JsonObject Properties, [property: Description("Only when not empty.")] string? Source);

/// <summary>A page of conflicts.</summary>
internal sealed record ConflictPage(IReadOnlyList<ConflictSeen> Conflicts, [property: Description("Absent on the last page.")] string? NextCursor);
