using System.Text.RegularExpressions;
using Bxb.Testing;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Bxb.Host.Tests.Containers;

/// <summary>docker-compose.yml as docker compose reads it: anchors merged, variables replaced by those of .env.example.</summary>
internal sealed partial class ComposeFile
{
    private ComposeFile(Dictionary<string, object> services, IReadOnlyDictionary<string, string> variables, IReadOnlyList<string> used)
    {
        Services = services.ToDictionary(s => s.Key, s => new ComposeService(s.Key, (Dictionary<object, object>)s.Value, text => Replace(text, variables)));
        Variables = variables;
        UsedVariables = used;
    }

    public IReadOnlyDictionary<string, ComposeService> Services { get; }

    /// <summary>What .env.example sets.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; }

    /// <summary>The names of the variables that the file asks for.</summary>
    public IReadOnlyList<string> UsedVariables { get; }

    public static async Task<ComposeFile> ReadAsync()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(RepositoryFolder.Root, "docker-compose.yml"));
        var file = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(new MergingParser(new Parser(new StringReader(text))));
        var services = ((Dictionary<object, object>)file["services"]).ToDictionary(s => (string)s.Key, s => s.Value);
        var lines = await File.ReadAllLinesAsync(Path.Combine(RepositoryFolder.Root, ".env.example"));
        var variables = lines.Where(l => l.Contains('=') && !l.StartsWith('#')).Select(l => l.Split('=', 2)).ToDictionary(l => l[0], l => l[1]);
        return new ComposeFile(services, variables, [.. Variable().Matches(text).Select(m => m.Groups["name"].Value).Distinct()]);
    }

    private static string Replace(string text, IReadOnlyDictionary<string, string> variables)
        => Variable().Replace(text, m => variables.TryGetValue(m.Groups["name"].Value, out var value) ? value : throw new InvalidOperationException($"{m.Value} has no value."));

    [GeneratedRegex(@"\$\{(?<name>\w+)(:[-?][^}]*)?\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Variable();
}

/// <summary>One service of it.</summary>
internal sealed class ComposeService(string name, Dictionary<object, object> members, Func<string, string> replace)
{
    public string Name => name;

    public string Image => (string)members["image"];

    /// <summary>The command of the health check; empty without one.</summary>
    public IReadOnlyList<string> HealthCheck => members.TryGetValue("healthcheck", out var check) && ((Dictionary<object, object>)check).TryGetValue("test", out var test)
        ? [.. ((List<object>)test).Cast<string>()]
        : [];

    public IReadOnlyDictionary<string, string> Environment
        => ((Dictionary<object, object>)members["environment"]).ToDictionary(e => (string)e.Key, e => replace((string)e.Value));

    public IReadOnlyList<string> Ports => members.TryGetValue("ports", out var ports) ? [.. ((List<object>)ports).Cast<string>()] : [];

    /// <summary>The services that must be there first, and in which condition.</summary>
    public IReadOnlyDictionary<string, string> DependsOn
        => ((Dictionary<object, object>)members["depends_on"]).ToDictionary(d => (string)d.Key, d => (string)((Dictionary<object, object>)d.Value)["condition"]);
}
