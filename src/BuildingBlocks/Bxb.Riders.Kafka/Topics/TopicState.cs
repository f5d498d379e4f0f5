namespace Bxb.Riders.Kafka.Topics;

/// <summary>A topic as it stands.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Id">Kafka's id for it: one that was deleted and made anew under the same name has another.</param>
/// <param name="Partitions">Its partitions, numbered from 0.</param>
internal sealed record TopicState(string Name, string Id, int Partitions);
