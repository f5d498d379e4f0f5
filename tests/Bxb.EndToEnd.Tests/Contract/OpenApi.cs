using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Bxb.EndToEnd.Tests.Contract;

/// <summary>A call as <c>/openapi/v1.json</c> describes it.</summary>
internal sealed record Operation(string Method, string Path, JsonNode Node)
{
    public IEnumerable<JsonNode> Parameters => Node["parameters"]?.AsArray().Select(p => p!) ?? [];

    public JsonNode? BodySchema => Node["requestBody"]?["content"]?["application/json"]?["schema"];

    public bool NeedsAdmin => Node["description"]?.GetValue<string>().EndsWith("Needs: the admin token.", StringComparison.Ordinal) == true;

    /// <summary>Whether a path is one of this call's; a transaction id may hold slashes.</summary>
    public bool Matches(string path) => Regex.IsMatch(path.Split('?')[0], "^" + Regex.Replace(Regex.Escape(Path).Replace(@"\{transaction_id}", ".*", StringComparison.Ordinal), @"\\\{[^}]*}", "[^/]*") + "$");
}

/// <summary>The description of the API, and as much of JSON Schema as it uses: whether an answer is what its description says.</summary>
internal sealed class OpenApi(JsonNode document)
{
    private static readonly string[] Annotations = ["description", "format", "minLength", "maxLength", "minItems", "maxItems"];

    public IReadOnlyList<Operation> Operations { get; } =
        [.. document["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => new Operation(o.Key.ToUpperInvariant(), p.Key, o.Value!)))];

    /// <summary>The call that answers a request: the one with the fewest variable segments.</summary>
    public Operation? Find(string method, string path)
        => Operations.Where(o => o.Method == method && o.Matches(path)).OrderBy(o => o.Path.Count(c => c == '{')).FirstOrDefault();

    public JsonNode Resolve(JsonNode schema)
        => schema["$ref"] is { } reference ? document["components"]!["schemas"]![reference.GetValue<string>().Split('/')[^1]]! : schema;

    /// <summary>What an answer has that its description has not, or the other way round; empty when they agree.</summary>
    public IReadOnlyList<string> Faults(Operation operation, int status, string? mediaType, string body)
    {
        if (operation.Node["responses"]![$"{status}"] is not { } response)
        {
            return [$"status {status} is not described"];
        }

        if (response["content"] is not { } content)
        {
            return body.Length == 0 ? [] : ["has a body"];
        }

        return content[mediaType ?? ""]?["schema"] is not { } schema ? [$"media type {mediaType} is not described"] : [.. Check(schema, JsonNode.Parse(body), "")];
    }

    private IEnumerable<string> Check(JsonNode schema, JsonNode? value, string at)
    {
        schema = Resolve(schema);
        return schema.AsObject().SelectMany(keyword => Check(keyword.Key, keyword.Value!, schema, value, at));
    }

    private IEnumerable<string> Check(string keyword, JsonNode rule, JsonNode schema, JsonNode? value, string at)
    {
        switch (keyword)
        {
            case "type":
                return Types(rule).Any(t => IsOf(t, value)) ? [] : [$"{at} is no {rule.ToJsonString()}"];
            case "enum":
                return rule.AsArray().Any(v => JsonNode.DeepEquals(v, value)) ? [] : [$"{at} is none of {rule.ToJsonString()}"];
            case "oneOf":
                return rule.AsArray().Count(s => !Check(s!, value, at).Any()) == 1 ? [] : [$"{at} fits not exactly one of {rule.ToJsonString()}"];
            case "items":
                return value is JsonArray array ? array.SelectMany((v, i) => Check(rule, v, $"{at}/{i}")) : [];
            case "required":
                return value is JsonObject whole ? rule.AsArray().Where(n => !whole.ContainsKey(n!.GetValue<string>())).Select(n => $"{at} lacks {n}") : [];
            case "properties":
                return value is JsonObject known ? rule.AsObject().Where(p => known.ContainsKey(p.Key)).SelectMany(p => Check(p.Value!, known[p.Key], $"{at}/{p.Key}")) : [];
            case "additionalProperties":
                var others = (value as JsonObject ?? []).Where(p => schema["properties"]?[p.Key] is null);
                return rule is JsonObject ? others.SelectMany(p => Check(rule, p.Value, $"{at}/{p.Key}")) : rule.GetValue<bool>() ? [] : others.Select(p => $"{at} has {p.Key}");
            default:
                return Annotations.Contains(keyword) ? [] : throw new NotSupportedException($"keyword {keyword}");
        }
    }

    private static IEnumerable<string> Types(JsonNode rule) => rule is JsonArray several ? several.Select(t => t!.GetValue<string>()) : [rule.GetValue<string>()];

    private static bool IsOf(string type, JsonNode? value) => (type, value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        ("null", JsonValueKind.Null) or ("object", JsonValueKind.Object) or ("array", JsonValueKind.Array) or ("string", JsonValueKind.String) => true,
        ("number", JsonValueKind.Number) or ("boolean", JsonValueKind.True or JsonValueKind.False) => true,
        ("integer", JsonValueKind.Number) => long.TryParse(value!.ToJsonString(), out _),
        _ => false,
    };
}
