using System.Text.Json;
using Bxb.Riders;

namespace Bxb.Operations.Letters;

/// <summary>A record that a consumer group could not process.</summary>
/// <param name="Id">The dead letter's number.</param>
/// <param name="Group">The consumer group that failed; <c>relay</c> for an event that is too large for the topic, which consumer groups read from the log.</param>
/// <param name="Position">The event's position in the log; 0 for a record of the topic that is not a readable event.</param>
/// <param name="Topic">The topic of the record, or the topic that it is too large for; absent when it was read from the log.</param>
/// <param name="Partition">The record's partition in the topic.</param>
/// <param name="Offset">The record's offset in the partition.</param>
/// <param name="Code">The event's code.</param>
/// <param name="State">Waiting for a decision, to be delivered again, or discarded.</param>
/// <param name="Reason">The failure, in one line without internals.</param>
/// <param name="Attempts">Number of failed deliveries.</param>
/// <param name="CreatedAt">Time of the first failure.</param>
/// <param name="Note">The reason for discarding it.</param>
/// <param name="Record">The whole event.</param>
internal sealed record DeadLetterAnswer(
    long Id, string Group, long Position, string? Topic, int? Partition, long? Offset, string Code, DeadLetterState State, string Reason, int Attempts, DateTimeOffset CreatedAt,
    string? Note, JsonElement Record)
{
    public static DeadLetterAnswer Of(DeadLetter letter) => new(
        letter.Id, letter.Group, letter.Position, letter.Topic, letter.Topic is null ? null : letter.Partition, letter.Offset, letter.Code, letter.State, letter.Reason, letter.Attempts,
        letter.CreatedAt, letter.Note, JsonDocument.Parse(letter.Record).RootElement);
}
