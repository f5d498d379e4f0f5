using Bxb.Analytics.Queries;
using Bxb.Analytics.Queries.ClickHouseStore;
using Bxb.ClickHouse;
using Bxb.EventLog.Records;
using Bxb.Testing;
using Npgsql;
using NpgsqlTypes;

namespace Bxb.Analytics.Tests.Loading;

/// <summary>Everything that the log can contain is loaded, and has the same values in ClickHouse as in the log.</summary>
public class HostileRowsTests
{
    [Fact]
    public async Task Documents_of_every_kind_over_fifty_years_go_in_with_one_batch_and_read_as_in_the_log()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var documents = await JsonbAsync(new HostileDocuments(random), 620);
        using var records = EventRecords.Rent();
        for (var i = 0; i < documents.Count; i++)
        {
            Events.Add(records, i + 1, documents[i].Jsonb, DateTimeOffset.UnixEpoch.AddMonths(i).AddMilliseconds(random.Next()), code: i % 2 == 0 ? "a" : string.Concat(Enumerable.Repeat("𝄞", 255)));
        }

        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await host.TakeOverAsync();
        await host.LoadAsync(records);
        await host.LoadAsync(records, isRepeat: true);

        await using (var rows = await host.Client.QueryAsync(new("SELECT position, toString(properties) FROM usage ORDER BY position")))
        {
            for (var i = 0; i < documents.Count; i++)
            {
                (await rows.ReadAsync()).ShouldBeTrue($"seed {seed}");
                rows.GetInt64(0).ShouldBe(i + 1);
                PropertyValues.OfColumn(rows.GetString(1)).ShouldBe(PropertyValues.OfLog(documents[i].Jsonb), ignoreOrder: true, $"seed {seed}, document {documents[i].Jsonb}");
            }

            (await rows.ReadAsync()).ShouldBeFalse();
        }

        // Reads by path, as usage queries do, and compares with PostgreSQL's operator #>>.
        foreach (var (document, i) in documents.Select((d, i) => (d, i)).Where(d => d.d.Path is not null).Take(60))
        {
            var path = ClickHouseProperty.Text(new UsageProperty(document.Path!));
            await using var row = await host.Client.QueryAsync(new ClickHouseStatement($"SELECT {path} FROM usage WHERE position = {{p:UInt64}}").With("p", (long)i + 1));
            (await row.ReadAsync()).ShouldBeTrue();
            row.GetString(0).ShouldBe(document.Text, $"seed {seed}, path {path}");
        }
    }

    [Fact]
    public async Task Ten_thousand_different_names_go_in_and_stay_readable()
    {
        using var host = new LoaderUnderTest(await TestClickHouse.CreateDatabaseAsync());
        await host.TakeOverAsync();
        for (var batch = 0; batch < 4; batch++)
        {
            using var records = EventRecords.Rent();
            for (var i = 0; i < 5; i++)
            {
                var names = Enumerable.Range(0, 2_500).Select(n => $"\"name{(batch * 2_500) + n}\": {n}.{i}");
                Events.Add(records, (batch * 5) + i + 1, "{" + string.Join(", ", names) + "}", Events.Start);
            }

            await host.LoadAsync(records);
        }

        (await host.NumberAsync("SELECT uniqExact(arrayJoin(JSONAllPaths(properties))) FROM usage")).ShouldBe(10_000);
        (await host.NumberAsync("SELECT count() FROM usage WHERE properties.`name9999`.:String = '2499.3'")).ShouldBe(1);
    }

    private sealed record Document(string Jsonb, string[]? Path, string? Text);

    /// <summary>Returns documents as PostgreSQL prints jsonb, each with the path of one value and PostgreSQL's text of it.</summary>
    private static async Task<List<Document>> JsonbAsync(HostileDocuments hostile, int count)
    {
        await using var source = NpgsqlDataSource.Create(await TestPostgres.CreateDatabaseAsync());
        var documents = new List<Document>();
        while (documents.Count < count)
        {
            await using var command = source.CreateCommand("select $1::text::jsonb::text");
            command.Parameters.Add(new() { Value = hostile.Next(), NpgsqlDbType = NpgsqlDbType.Text });
            var jsonb = (string)(await command.ExecuteScalarAsync())!;
            var path = Paths(jsonb).LastOrDefault();
            string? text = null;
            if (path is not null)
            {
                await using var read = source.CreateCommand("select $1::text::jsonb #>> $2");
                read.Parameters.Add(new() { Value = jsonb, NpgsqlDbType = NpgsqlDbType.Text });
                read.Parameters.Add(new() { Value = path, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
                text = (string)(await read.ExecuteScalarAsync())!;
            }

            documents.Add(new(jsonb, path, text));
        }

        return documents;
    }

    /// <summary>Returns the paths of all values that ClickHouse stores.</summary>
    private static List<string[]> Paths(string jsonb)
    {
        using var document = System.Text.Json.JsonDocument.Parse(jsonb);
        return [.. Of([], document.RootElement)];

        static IEnumerable<string[]> Of(string[] prefix, System.Text.Json.JsonElement element) => element.EnumerateObject().SelectMany(m => m.Value.ValueKind switch
        {
            System.Text.Json.JsonValueKind.Object => Of([.. prefix, m.Name], m.Value).ToList(),
            System.Text.Json.JsonValueKind.Null => [],
            _ => [[.. prefix, m.Name]],
        });
    }
}
