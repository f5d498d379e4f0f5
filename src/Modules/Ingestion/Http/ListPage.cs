namespace Bxb.Ingestion.Http;

/// <summary>Reads a page of a list in slices, so that large events are counted before all of them are in memory.</summary>
internal static class ListPage
{
    private const int Slice = 100;

    /// <summary>Reads entries up to a number, or until they have reached a size.</summary>
    /// <param name="read">Reads that many entries behind one; behind null the first ones.</param>
    /// <param name="sizeOf">The size of an entry, in bytes.</param>
    /// <param name="limit">Maximum number of entries.</param>
    /// <param name="maxBytes">The size at which the page ends.</param>
    /// <returns>The entries, and whether the list ends with them.</returns>
    public static async Task<(List<T> Entries, bool IsLast)> ReadAsync<T>(Func<T?, int, Task<IReadOnlyList<T>>> read, Func<T, long> sizeOf, int limit, long maxBytes)
        where T : class
    {
        var entries = new List<T>();
        long bytes = 0;
        while (true)
        {
            // One more than is shown tells whether there is a next page.
            var shown = Math.Min(limit - entries.Count, Slice);
            var slice = await EventLogCalls.AskAsync(read(entries.LastOrDefault(), shown + 1));
            entries.AddRange(slice.Take(shown));
            bytes += slice.Take(shown).Sum(sizeOf);
            if (slice.Count <= shown)
            {
                return (entries, true);
            }

            if (entries.Count >= limit || bytes >= maxBytes)
            {
                return (entries, false);
            }
        }
    }
}
