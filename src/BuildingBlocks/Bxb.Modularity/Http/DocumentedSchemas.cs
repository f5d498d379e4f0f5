using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Bxb.Modularity.Http;

/// <summary>
/// Describes bodies and answers in <c>/openapi/v1.json</c> by the XML comments of their types, from the files beside the assemblies. The framework's own generator reads
/// public types only, and those of modules are internal.
/// </summary>
public sealed partial class DocumentedSchemas : IOpenApiSchemaTransformer
{
    /// <summary>The key under which the framework reads the description of a reference.</summary>
    private const string ReferenceDescription = "x-ref-description";

    private readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, XElement>> _comments = new();

    /// <inheritdoc />
    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(context);
        if (context.JsonTypeInfo.Type == typeof(DateTimeOffset))
        {
            // A custom converter hides the type from the framework.
            schema.Type = JsonSchemaType.String;
        }

        foreach (var nullable in context.JsonTypeInfo.Properties.Where(p => p.IsGetNullable))
        {
            // Answers omit null members.
            schema.Required?.Remove(nullable.Name);
        }

        var member = context.JsonPropertyInfo is { } property ? OfMember(property.DeclaringType, (property.AttributeProvider as MemberInfo)?.Name ?? "") : null;
        if (IsComponent(schema))
        {
            // The component is shared by all members of its type, so the description of the member is beside the reference.
            schema.Description ??= OfType(context.JsonTypeInfo.Type);
            if (member is not null)
            {
                schema.Metadata![ReferenceDescription] = member;
            }
        }
        else
        {
            schema.Description ??= member ?? (context.JsonPropertyInfo is null ? OfType(context.JsonTypeInfo.Type) : null);
        }

        return Task.CompletedTask;
    }

    private static bool IsComponent(OpenApiSchema schema) => schema.Metadata?.TryGetValue("x-schema-id", out var id) == true && id is string { Length: > 0 };

    private string? OfType(Type type) => type.Assembly.GetName().Name?.StartsWith("Bxb.", StringComparison.Ordinal) == true
        ? Text(Comment(type.Assembly, "T:" + Name(type))?.Element("summary"))
        : null;

    private string? OfMember(Type type, string name)
        => Text(Comment(type.Assembly, $"P:{Name(type)}.{name}")?.Element("summary"))
            ?? Text(Comment(type.Assembly, "T:" + Name(type))?.Elements("param").FirstOrDefault(p => p.Attribute("name")?.Value == name));

    private static string Name(Type type) => (type.FullName ?? type.Name).Replace('+', '.');

    private XElement? Comment(Assembly assembly, string id) => _comments.GetOrAdd(assembly, Load).GetValueOrDefault(id);

    private static Dictionary<string, XElement> Load(Assembly assembly)
    {
        var file = Path.ChangeExtension(assembly.Location, ".xml");
        return File.Exists(file)
            ? XDocument.Load(file).Descendants("member").GroupBy(m => m.Attribute("name")!.Value, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal)
            : [];
    }

    private static string? Text(XElement? comment)
    {
        if (comment is null)
        {
            return null;
        }

        var words = comment.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement element when element.Value.Length > 0 => element.Value,
            XElement element => (element.Attribute("cref") ?? element.Attribute("langword") ?? element.Attribute("name"))?.Value.Split('.', ':')[^1],
            XText text => text.Value,
            _ => null,
        });
        var joined = Blank().Replace(string.Concat(words), " ").Trim();
        return joined.Length == 0 ? null : joined;
    }

    [GeneratedRegex(@"\s+", RegexOptions.CultureInvariant)]
    private static partial Regex Blank();
}
