using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading.Epochs;

/// <summary>Query ids of inserts. An id contains the names of its partitions, so that all running inserts of a partition can be killed, whichever host sent them. Thread-safe.</summary>
internal sealed class InsertQueries(ClickHouseClient client)
{
    /// <summary>Returns a new query id.</summary>
    /// <param name="partitions">The partitions of the insert; if there are several, all have the same <see cref="LoadPartition.ConcurrentPrefix"/>.</param>
    /// <param name="positions">The range of positions, for a reader of the server's query log.</param>
    internal string CreateId(IReadOnlyCollection<LoadPartition> partitions, string positions)
    {
        var first = partitions.First();
        return first.AllowsConcurrent
            ? $"{Prefix(first.ConcurrentPrefix)},{string.Join(',', partitions.Select(p => p.Name[p.ConcurrentPrefix.Length..]))},-{positions}-{Guid.NewGuid():N}"
            : $"{Prefix(first.Name)}-{positions}-{Guid.NewGuid():N}";
    }

    /// <summary>Kills the running inserts of these partitions and waits until they have ended.</summary>
    internal async Task KillAsync(IEnumerable<string> partitions, CancellationToken cancellationToken)
    {
        foreach (var name in partitions)
        {
            var number = name.LastIndexOf('/') + 1;
            await (number > 0
                ? client.KillAsync(Prefix(name[..number]), cancellationToken, isPrefix: true, $",{name[number..]},")
                : client.KillAsync($"{Prefix(name)}-", cancellationToken, isPrefix: true));
        }
    }

    /// <summary>Kills the running inserts of all partitions whose names begin with a prefix, and waits until they have ended.</summary>
    internal Task KillByPrefixAsync(string partitionPrefix, CancellationToken cancellationToken) => client.KillAsync(Prefix(partitionPrefix), cancellationToken, isPrefix: true);

    private string Prefix(string partition) => $"bxb-{client.Database ?? "default"}-{partition}";
}
