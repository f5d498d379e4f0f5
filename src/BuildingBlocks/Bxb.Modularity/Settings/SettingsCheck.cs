using System.ComponentModel;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Modularity.Settings;

/// <summary>Refuses keys below <c>Bxb</c> that nobody reads, and values that their keys cannot take: a misspelt setting must end the start, not be ignored.</summary>
public static class SettingsCheck
{
    /// <summary>Checks the section against everything that was registered with <see cref="ValidatedOptions.AddValidatedOptions{TOptions}"/> or as <see cref="KnownSettings"/>.</summary>
    /// <exception cref="SettingsException">Names every unknown key with the nearest known one, and every value that cannot be read.</exception>
    public static void CheckSettings(this IServiceProvider services, IConfigurationSection bxb)
        => Check(bxb, services.GetServices<KnownSettings>());

    /// <summary>As <see cref="CheckSettings"/>, with the known parts given.</summary>
    /// <exception cref="SettingsException">Names every unknown key with the nearest known one, and every value that cannot be read.</exception>
    public static void Check(IConfigurationSection bxb, IEnumerable<KnownSettings> known)
    {
        ArgumentNullException.ThrowIfNull(bxb);
        var root = new Node(null);
        foreach (var (path, type) in known)
        {
            root.At(path).Take(type);
        }

        var faults = new List<string>();
        Walk(bxb, root, root, bxb.Path, faults);
        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }
    }

    private static void Walk(IConfigurationSection section, Node node, Node root, string prefix, List<string> faults)
    {
        foreach (var child in section.GetChildren())
        {
            if (!node.Children.TryGetValue(child.Key, out var known))
            {
                var nearest = Nearest(child.Path[(prefix.Length + 1)..], root);
                faults.Add($"The setting {child.Path} is not known." + (nearest is null ? "" : $" Did you mean {prefix}:{nearest}?"));
            }
            else if (known.Leaf is { } leaf)
            {
                CheckLeaf(child, leaf, faults);
            }
            else if (child.Value is { Length: > 0 })
            {
                faults.Add($"The setting {child.Path} is a section and takes no value of its own.");
            }
            else
            {
                Walk(child, known, root, prefix, faults);
            }
        }
    }

    private static void CheckLeaf(IConfigurationSection child, Type leaf, List<string> faults)
    {
        if (IsCollection(leaf))
        {
            return;
        }

        if (child.GetChildren().Any())
        {
            faults.Add($"The setting {child.Path} is a value and has no keys below it.");
        }
        else if (child.Value is { Length: > 0 } text && leaf != typeof(string) && !CanRead(text, leaf))
        {
            faults.Add($"The setting {child.Path} cannot be read: it must be {Describe(leaf)}.");
        }
    }

    private static bool IsCollection(Type type) => type != typeof(string) && typeof(System.Collections.IEnumerable).IsAssignableFrom(type);

    private static bool CanRead(string text, Type type)
    {
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text) is not null;
        }
        catch (Exception error) when (error is FormatException or ArgumentException or NotSupportedException or InvalidCastException or OverflowException)
        {
            // The converters' ways of saying no.
            return false;
        }
    }

    private static string Describe(Type type) => type switch
    {
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(TimeSpan) => "a time span such as 00:00:05",
        _ when type == typeof(Uri) => "a URL",
        _ when type.IsEnum => "one of " + string.Join(", ", Enum.GetNames(type)),
        _ when type.IsPrimitive || type == typeof(decimal) => $"a number ({type.Name})",
        _ => $"a {type.Name}",
    };

    private static string? Nearest(string key, Node root)
    {
        var best = root.Paths("").Select(p => (Path: p, Distance: Distance(key.ToUpperInvariant(), p.ToUpperInvariant()))).OrderBy(p => p.Distance).FirstOrDefault();
        return best.Path is not null && best.Distance <= Math.Max(2, key.Length / 3) ? best.Path : null;
    }

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }

    /// <summary>One known key: a value (<see cref="Leaf"/>) or a section.</summary>
    private sealed class Node(Type? leaf)
    {
        public Type? Leaf { get; } = leaf;

        public Dictionary<string, Node> Children { get; } = new(StringComparer.OrdinalIgnoreCase);

        public Node At(string path)
        {
            var node = this;
            foreach (var part in path.Split(':', StringSplitOptions.RemoveEmptyEntries))
            {
                node = node.Child(part, null);
            }

            return node;
        }

        public void Take(Type type)
        {
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.SetMethod is { IsPublic: true } || IsSection(p.PropertyType) || IsCollection(p.PropertyType)))
            {
                var value = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
                if (typeof(Delegate).IsAssignableFrom(value))
                {
                    continue;
                }

                if (IsSection(value))
                {
                    Child(property.Name, null).Take(value);
                }
                else
                {
                    Child(property.Name, value);
                }
            }
        }

        public IEnumerable<string> Paths(string prefix)
            => Children.SelectMany(c => c.Value.Leaf is not null ? [prefix + c.Key] : c.Value.Paths(prefix + c.Key + ":").Append(prefix + c.Key));

        private static bool IsSection(Type type)
            => type.IsClass && type != typeof(string) && !IsCollection(type) && !typeof(Delegate).IsAssignableFrom(type)
                && !TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string));

        private Node Child(string name, Type? leaf)
        {
            if (!Children.TryGetValue(name, out var child))
            {
                Children[name] = child = new Node(leaf);
            }

            return child;
        }
    }
}
