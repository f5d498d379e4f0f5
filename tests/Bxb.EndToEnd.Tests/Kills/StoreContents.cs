using Bxb.ClickHouse;
using Bxb.Embedded;
using Npgsql;

namespace Bxb.EndToEnd.Tests.Kills;

/// <summary>What the stores hold, read beside the host: position and digest of every row, and how often it stands there.</summary>
internal static class StoreContents
{
    public static async Task<List<(long Position, long Digest)>> OfTheLogAsync(string dataDirectory)
    {
        await using var source = NpgsqlDataSource.Create(await EmbeddedPostgres.ConnectionStringOfAsync(dataDirectory, CancellationToken.None));
        await using var command = source.CreateCommand("select position, digest from event_log.events order by position");
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<(long, long)>();
        while (await reader.ReadAsync())
        {
            rows.Add((reader.GetInt64(0), reader.GetInt64(1)));
        }

        return rows;
    }

    public static async Task<List<(long Position, long Digest)>> OfClickHouseAsync(string dataDirectory)
    {
        using var client = new ClickHouseClient(new ClickHouseOptions { Url = await EmbeddedClickHouse.UrlOfAsync(dataDirectory, CancellationToken.None) });
        await using var result = await client.QueryAsync(
            new ClickHouseStatement("SELECT toInt64(position), reinterpretAsInt64(digest) FROM usage ORDER BY position"), CancellationToken.None);
        var rows = new List<(long, long)>();
        while (await result.ReadAsync())
        {
            rows.Add((result.GetInt64(0), result.GetInt64(1)));
        }

        return rows;
    }
}
