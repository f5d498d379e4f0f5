using Bxb.ClickHouse;
using Bxb.Embedded;
using Npgsql;

namespace Bxb.EndToEnd.Tests.Kills;

/// <summary>What the stores hold, read beside the host: position and digest of every row, and how often it stands there.</summary>
internal static class StoreContents
{
    public static async Task<List<(long Position, long Digest)>> OfTheLogAsync(string dataDirectory)
        => await OfPostgresAsync(await EmbeddedPostgres.ConnectionStringOfAsync(dataDirectory, CancellationToken.None));

    public static async Task<List<(long Position, long Digest)>> OfClickHouseAsync(string dataDirectory)
        => await OfClickHouseAsync(await EmbeddedClickHouse.UrlOfAsync(dataDirectory, CancellationToken.None));

    public static async Task<List<(long Position, long Digest)>> OfPostgresAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand("select position, digest from event_log.events order by position");
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<(long, long)>();
        while (await reader.ReadAsync())
        {
            rows.Add((reader.GetInt64(0), reader.GetInt64(1)));
        }

        return rows;
    }

    public static async Task<List<(long Position, long Digest)>> OfClickHouseAsync(Uri database)
    {
        using var client = new ClickHouseClient(new ClickHouseOptions { Url = database });
        await using var result = await client.QueryAsync(
            new ClickHouseStatement("SELECT toInt64(position), reinterpretAsInt64(digest) FROM usage ORDER BY position"), CancellationToken.None);
        var rows = new List<(long, long)>();
        while (await result.ReadAsync())
        {
            rows.Add((result.GetInt64(0), result.GetInt64(1)));
        }

        return rows;
    }

    /// <summary>Fails when a store does not hold the log's rows, each once; names the first few that are missing, doubled or strange.</summary>
    public static void ShouldEqual(this List<(long Position, long Digest)> store, List<(long Position, long Digest)> log)
    {
        if (store.SequenceEqual(log))
        {
            return;
        }

        string Some(IEnumerable<(long Position, long Digest)> rows) => string.Join(", ", rows.Take(10).Select(r => r.Position));
        var doubled = store.GroupBy(r => r.Position).Where(g => g.Count() > 1).Select(g => g.First());
        throw new ShouldAssertException($"{store.Count} rows for {log.Count} events; missing: {Some(log.Except(store))}; doubled: {Some(doubled)}; strange: {Some(store.Except(log))}");
    }
}
