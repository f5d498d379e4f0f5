using System.Text.Json;
using System.Text.RegularExpressions;

namespace Bxb.Riders.Kafka.Tests.Records;

/// <summary>As much of JSON Schema 2020-12 as our schemas use; a keyword beyond that is an error, so that none is written without being checked.</summary>
internal static class JsonSchema
{
    private static readonly string[] Annotations = ["$schema", "$id", "title", "description"];

    /// <summary>What is wrong with an instance; empty when it is valid.</summary>
    public static IReadOnlyList<string> Validate(JsonElement schema, JsonElement instance, string at = "") =>
        [.. schema.EnumerateObject().SelectMany(keyword => Check(keyword.Name, keyword.Value, schema, instance, at))];

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

    private static IEnumerable<string> Check(string keyword, JsonElement value, JsonElement schema, JsonElement instance, string at)
    {
        switch (keyword)
        {
            case var annotation when Annotations.Contains(annotation):
                return [];
            case "properties":
                return value.EnumerateObject().Where(p => instance.TryGetProperty(p.Name, out _)).SelectMany(p => Validate(p.Value, instance.GetProperty(p.Name), $"{at}/{p.Name}"));
            case "required":
                return value.EnumerateArray().Where(n => !instance.TryGetProperty(n.GetString()!, out _)).Select(n => $"{at} lacks {n}");
            case "additionalProperties":
                return value.GetBoolean() ? [] : instance.EnumerateObject().Where(p => !schema.GetProperty("properties").TryGetProperty(p.Name, out _)).Select(p => $"{at} has {p.Name}");
            default:
                return IsValid(keyword, value, instance) ? [] : [$"{at}: {keyword}"];
        }
    }

    private static bool IsValid(string keyword, JsonElement value, JsonElement instance) => keyword switch
    {
        "type" => value.GetString() switch
        {
            "integer" => instance.ValueKind == JsonValueKind.Number && instance.TryGetInt64(out _),
            "string" => instance.ValueKind == JsonValueKind.String,
            "object" => instance.ValueKind == JsonValueKind.Object,
            var other => throw new NotSupportedException($"type {other}"),
        },
        "enum" => value.EnumerateArray().Any(v => JsonElement.DeepEquals(v, instance)),
        // A keyword says nothing of instances of another type than its own.
        "pattern" => instance.ValueKind != JsonValueKind.String || Regex.IsMatch(instance.GetString()!, value.GetString()!),
        "minLength" => instance.ValueKind != JsonValueKind.String || instance.GetString()!.EnumerateRunes().Count() >= value.GetInt32(),
        "minimum" => instance.ValueKind != JsonValueKind.Number || instance.GetInt64() >= value.GetInt64(),
        "maximum" => instance.ValueKind != JsonValueKind.Number || instance.GetInt64() <= value.GetInt64(),
        "format" => value.GetString() == "date-time" && instance.ValueKind == JsonValueKind.String && instance.TryGetDateTimeOffset(out _),
        _ => throw new NotSupportedException($"keyword {keyword}"),
    };
}
