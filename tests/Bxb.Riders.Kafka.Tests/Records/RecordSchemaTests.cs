using System.Text.Json;
using System.Text.Json.Nodes;
using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;
using Bxb.Testing;
using Json.Schema;
using Xunit.Abstractions;

namespace Bxb.Riders.Kafka.Tests.Records;

public sealed class RecordSchemaTests(ITestOutputHelper output)
{
    private static readonly string Folder = Path.Combine(RepositoryFolder.Root, "schemas");
    private static readonly JsonElement Current = Load(Path.Combine(Folder, UsageEventFormat.Schema + ".json"));
    private static readonly JsonSchema Schema = JsonSchema.Build(Current);
    private static readonly EvaluationOptions Strict = new() { OutputFormat = OutputFormat.List, RequireFormatValidation = true };

    [Fact]
    public void Todays_records_are_valid()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var events = new HostileEvents(new Random(seed));
        using var records = EventRecords.Rent();
        var writer = new UsageEventWriter();
        for (var i = 0; i < 2_000; i++)
        {
            events.AddTo(records);
            // The log's positions stay far below what JSON numbers hold exactly; these grow in leaps.
            if (records[i].Position < 1L << 53)
            {
                Faults(Parse(writer.Write(records[i]).ToArray())).ShouldBeEmpty();
            }
        }
    }

    [Theory]
    [InlineData("position", "0")]
    [InlineData("position", "\"12\"")]
    [InlineData("kind", "\"deleted\"")]
    [InlineData("digest", "5")]
    [InlineData("timestamp", "\"yesterday\"")]
    [InlineData("schema", "\"usage-event.v2\"")]
    [InlineData("code", "\"\"")]
    [InlineData("properties", "[]")]
    [InlineData("organization_id", null)]
    public void A_record_that_is_not_valid_is_found(string member, string? value)
    {
        using var records = EventRecords.Rent();
        SampleEvents.Add(records, 12);
        var document = JsonNode.Parse(new UsageEventWriter().Write(records[0]))!.AsObject();
        document.Remove(member).ShouldBeTrue();
        if (value is not null)
        {
            document[member] = JsonNode.Parse(value);
        }

        Faults(JsonSerializer.SerializeToElement(document)).ShouldNotBeEmpty();
    }

    [Fact]
    public void The_schema_keeps_what_the_released_one_promised()
    {
        var released = Directory.GetFiles(Path.Combine(Folder, "released"), "*.json");
        released.ShouldNotBeEmpty();
        foreach (var file in released)
        {
            SchemaPromises.Breaks(Load(file), Load(Path.Combine(Folder, Path.GetFileName(file)))).ShouldBeEmpty(file);
        }
    }

    [Fact]
    public void Every_way_to_break_a_promise_is_found()
    {
        Breaks(s => s["properties"]!.AsObject().Remove("trace_parent")).ShouldBe(["trace_parent was removed"]);
        Breaks(s => s["properties"]!["digest"]!["type"] = "integer").ShouldBe(["digest was changed"]);
        Breaks(s => s["properties"]!["code"]!["maxLength"] = 10).ShouldBe(["code was changed"]);
        Breaks(s => s["required"]!.AsArray().Add("trace_parent")).ShouldBe(["trace_parent became required"]);
        Breaks(s => s["required"]!.AsArray().RemoveAt(1)).ShouldBe(["position is no longer promised"]);
        Breaks(s => s["additionalProperties"] = false).ShouldBe(["further members are forbidden"]);
        Breaks(s => s["properties"]!["newer"] = new JsonObject { ["type"] = "string" }).ShouldBeEmpty();
        Breaks(s => s["properties"]!["code"]!["description"] = "other words").ShouldBeEmpty();
    }

    /// <summary>The faults of a record; empty when it is valid.</summary>
    private static IReadOnlyList<string> Faults(JsonElement record)
    {
        var result = Schema.Evaluate(record, Strict);
        return result.IsValid ? [] : [.. (result.Details ?? []).SelectMany(at => at.Errors ?? [], (at, error) => $"{at.InstanceLocation} {error.Key}: {error.Value}"), "not valid"];
    }

    private static IReadOnlyList<string> Breaks(Action<JsonObject> change)
    {
        var changed = JsonNode.Parse(Current.GetRawText())!.AsObject();
        change(changed);
        return SchemaPromises.Breaks(Current, JsonSerializer.SerializeToElement(changed));
    }

    private static JsonElement Load(string file) => Parse(File.ReadAllBytes(file));

    private static JsonElement Parse(byte[] json)
    {
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 });
        return document.RootElement.Clone();
    }
}
