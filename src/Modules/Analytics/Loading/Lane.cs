namespace Bxb.Analytics.Loading;

/// <summary>A sequence of batches in which positions only grow: the log itself, or a partition of a topic. It has one loader at a time.</summary>
/// <param name="Name">By which ClickHouse keeps its terms and its checkpoint, and with which its query ids begin.</param>
/// <param name="Siblings">
/// How the names of those lanes begin that may load beside it. All others are its rivals: through them the same events come, so that only one of two rivals may load.
/// </param>
internal sealed record Lane(string Name, string Siblings)
{
    /// <summary>The log, whose events come through one lane: no topic's name is empty, so it has no siblings.</summary>
    internal static readonly Lane Log = new(LoadingRegistration.Group, $"{LoadingRegistration.Group}//");

    /// <summary>The condition that a row of <c>loader_terms</c> is the lane's own or a rival's; parameters lane and siblings.</summary>
    internal const string Rivals = "(`group` = {lane:String} OR NOT startsWith(`group`, {siblings:String}))";

    /// <summary>The lane of a partition; of the log itself when there is no topic. A topic's name has no slash.</summary>
    internal static Lane Of(string? topic, int partition) =>
        topic is null ? Log : new Lane($"{LoadingRegistration.Group}/{topic}/{partition}", $"{LoadingRegistration.Group}/{topic}/");
}
