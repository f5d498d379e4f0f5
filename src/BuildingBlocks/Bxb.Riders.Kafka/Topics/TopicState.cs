namespace Bxb.Riders.Kafka.Topics;

/// <summary>A topic as it stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Kafka's id for it: one that was deleted and made anew under the same name has another.</param>
/// <param name="Partitions">Its partitions, numbered from 0.</param>
/// <param name="MaxRecordBytes">The largest record that it takes, in bytes; at most what the options allow.</param>
internal sealed record TopicState(string Name, string Id, int Partitions, int MaxRecordBytes);
