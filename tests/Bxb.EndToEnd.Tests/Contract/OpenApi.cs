using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Json.Schema;

namespace Bxb.EndToEnd.Tests.Contract;

/// <summary>A call as <c>/openapi/v1.json</c> describes it.</summary>
internal sealed record Operation(string Method, string Path, JsonNode Node)
{
    public IEnumerable<JsonNode> Parameters => Node["parameters"]?.AsArray().Select(p => p!) ?? [];

    public JsonNode? BodySchema => Node["requestBody"]?["content"]?["application/json"]?["schema"];

    public bool NeedsAdmin => Node["description"]?.GetValue<string>().EndsWith("Needs: the admin token.", StringComparison.Ordinal) == true;

    /// <summary>Whether a path is one of this call's; a transaction id may hold slashes.</summary>
    public bool Matches(string path)
        => Regex.IsMatch(path.Split('?')[0], "^" + Regex.Replace(Regex.Escape(Path).Replace(@"\{transaction_id}", ".*", StringComparison.Ordinal), @"\\\{[^}]*}", "[^/]*") + "$");
}

/// <summary>The description of the API: its calls, and whether an answer is what the description says.</summary>
internal sealed class OpenApi(JsonNode document)
{
    private static readonly EvaluationOptions Listed = new() { OutputFormat = OutputFormat.List };

    private readonly string _definitions = document["components"]!["schemas"]!.ToJsonString();
    private readonly ConcurrentDictionary<string, JsonSchema> _schemas = new(StringComparer.Ordinal);

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

        if (content[mediaType ?? ""]?["schema"] is not { } schema)
        {
            return [$"media type {mediaType} is not described"];
        }

        using var answer = JsonDocument.Parse(body);
        var result = _schemas.GetOrAdd(schema.ToJsonString(), Build).Evaluate(answer.RootElement, Listed);
        return result.IsValid ? [] : [.. (result.Details ?? []).SelectMany(at => at.Errors ?? [], (at, error) => $"{at.InstanceLocation} {error.Key}: {error.Value}"), "not valid"];
    }

    /// <summary>The components of the document become definitions of the schema itself, because JSON Schema knows no components.</summary>
    private JsonSchema Build(string schema)
        => JsonSchema.FromText($$"""{"allOf": [{{schema}}], "$defs": {{_definitions}}}""".Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal));
}
