namespace Bxb.Analytics.Loading;

/// <summary>A sequence of batches in which positions only grow: the log itself, a partition of a topic, or the log as it fills a copy of the table. It has one loader at a time.</summary>
/// <param name="Name">By which ClickHouse keeps its terms and its checkpoint, and by which its statements are found.</param>
/// <param name="Family">How the names of all lanes begin that could bring the same events into the same table.</param>
/// <param name="Siblings">
/// How the names of those of them begin that may load beside it: the other partitions of its topic. All others are its rivals: only one of two rivals may load.
/// </param>
/// <param name="Table">Where its events go.</param>
internal sealed record Lane(string Name, string Family, string Siblings, string Table)
{
    /// <summary>The table that queries read.</summary>
    internal const string LiveTable = "usage";

    /// <summary>The condition that a row of <c>loader_terms</c> is the lane's own or a rival's; parameters lane, family and siblings.</summary>
    internal const string Rivals = "(`group` = {lane:String} OR (startsWith(`group`, {family:String}) AND NOT startsWith(`group`, {siblings:String})))";

    /// <summary>The log, whose events come through one lane: no topic's name is empty, so it has no siblings.</summary>
    internal static readonly Lane Log = new(LoadingRegistration.Group, LoadingRegistration.Group, $"{LoadingRegistration.Group}//", LiveTable);

    /// <summary>Whether other lanes may load beside it.</summary>
    internal bool HasSiblings => Name.StartsWith(Siblings, StringComparison.Ordinal);

    private const string Copies = $"copy:{LoadingRegistration.Group}/";

    /// <summary>The lane of a partition; of the log itself when there is no topic. A topic's name has no slash and no colon.</summary>
    internal static Lane Of(string? topic, int partition) => topic is null
        ? Log
        : Log with { Name = $"{LoadingRegistration.Group}/{topic}/{partition}", Siblings = $"{LoadingRegistration.Group}/{topic}/" };

    /// <summary>The lane that fills a copy of the table. One copy is filled at a time, so that all of them are rivals.</summary>
    /// <param name="key">The copy's, which no other one has or had.</param>
    /// <param name="table">What it is called at present.</param>
    internal static Lane OfCopy(string key, string table) => new(Copies + key, Copies, $"{Copies}/", table);
}
