using System.Text.Json;
using Bxb.EventLog.Appending;
using Bxb.Testing;
using Npgsql;
using Xunit.Abstractions;

namespace Bxb.EventLog.Tests;

/// <summary>PostgreSQL itself is the judge of what jsonb prints.</summary>
public sealed class CanonicalAgainstServerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Jsonb_takes_every_canonical_text_and_prints_what_has_the_same_canonical_text()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var documents = new RandomDocument(new Random(seed));
        var texts = Enumerable.Range(0, 3_000).Select(_ => documents.Object()).ToArray();
        var canonical = texts.Select(t => EventContent.Canonical(t)).ToArray();
        canonical.ShouldAllBe(c => c.Faults.Count == 0, $"seed {seed}");

        var printed = await PrintAsync(canonical.Select(c => c.Text).ToArray());
        for (var i = 0; i < printed.Length; i++)
        {
            var again = EventContent.Canonical(printed[i]);
            again.Faults.Count.ShouldBe(0, $"seed {seed}: {printed[i]}");
            again.Text.ShouldBe(canonical[i].Text, $"seed {seed}: {texts[i]} printed as {printed[i]}");
            EventContent.Digest(1, "t", printed[i]).ShouldBe(EventContent.Digest(1, "t", texts[i]));
        }

        // And jsonb makes the same of the original as of its canonical form.
        (await PrintAsync(texts)).ShouldBe(printed);
    }

    [Fact]
    public async Task Jsonb_prints_every_number_as_it_is_written_canonically()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var documents = new RandomDocument(new Random(seed));
        var numbers = Enumerable.Range(0, 5_000).Select(_ => documents.Number()).ToArray();
        var printed = await PrintAsync(numbers);
        for (var i = 0; i < numbers.Length; i++)
        {
            EventContent.Number(numbers[i]).ShouldBe(printed[i], $"seed {seed}: {numbers[i]}");
        }
    }

    private static async Task<string[]> PrintAsync(string[] texts)
    {
        await using var dataSource = NpgsqlDataSource.Create(await TestPostgres.CreateDatabaseAsync());
        await using var command = dataSource.CreateCommand("select array_agg((t::jsonb)::text order by i) from unnest($1::text[]) with ordinality as u(t, i)");
        command.Parameters.AddWithValue(texts);
        return (string[])(await command.ExecuteScalarAsync())!;
    }
}
