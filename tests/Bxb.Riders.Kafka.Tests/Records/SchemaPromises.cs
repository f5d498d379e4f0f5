using System.Text.Json;

namespace Bxb.Riders.Kafka.Tests.Records;

/// <summary>Compares a schema with a released version of it.</summary>
internal static class SchemaPromises
{
    private static readonly string[] Annotations = ["$schema", "$id", "title", "description"];

    /// <summary>How a schema breaks with a released one; empty when everything that was valid stays so, and every promise is kept.</summary>
    public static IReadOnlyList<string> Breaks(JsonElement released, JsonElement current)
    {
        var before = released.GetProperty("properties");
        var now = current.GetProperty("properties");
        var breaks = before.EnumerateObject().Where(p => !now.TryGetProperty(p.Name, out _)).Select(p => $"{p.Name} was removed").ToList();
        breaks.AddRange(before.EnumerateObject().Where(p => now.TryGetProperty(p.Name, out var same) && Rules(p.Value) != Rules(same)).Select(p => $"{p.Name} was changed"));
        breaks.AddRange(Names(current).Except(Names(released)).Select(name => $"{name} became required"));
        breaks.AddRange(Names(released).Except(Names(current)).Select(name => $"{name} is no longer promised"));
        return current.GetProperty("additionalProperties").GetBoolean() ? breaks : [.. breaks, "further members are forbidden"];
    }

    private static string Rules(JsonElement schema) =>
        string.Join(' ', schema.EnumerateObject().Where(k => !Annotations.Contains(k.Name)).OrderBy(k => k.Name, StringComparer.Ordinal).Select(k => $"{k.Name}={JsonSerializer.Serialize(k.Value)}"));

    private static IEnumerable<string> Names(JsonElement schema) => schema.GetProperty("required").EnumerateArray().Select(n => n.GetString()!);
}
