using System.ComponentModel;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Bxb.Modularity.Settings;

/// <summary>Refuses unknown keys below <c>Bxb</c> and malformed values, so that a misspelt setting is not ignored.</summary>
public static class SettingsCheck
{
    /// <summary>Removes line ends behind values, such as that of a secret from a file.</summary>
    public static void TrimLineEnds(IConfigurationSection section)
    {
        ArgumentNullException.ThrowIfNull(section);
        if (section.Value is { } value && value.AsSpan().TrimEnd("\r\n").Length < value.Length)
        {
            section.Value = value.TrimEnd('\r', '\n');
        }

        foreach (var child in section.GetChildren())
        {
            TrimLineEnds(child);
        }
    }

    /// <summary>Checks keys and values of the section against the known settings.</summary>
    /// <exception cref="SettingsException">Names every unknown key with the nearest known one, and every value that cannot be read.</exception>
    public static void Check(IConfigurationSection bxb, IEnumerable<KnownSettings> known)
    {
        ArgumentNullException.ThrowIfNull(bxb);
        var root = SettingsTree.Of(known);
        var faults = new List<string>();
        Walk(bxb, root, root, bxb.Path, faults);
        if (faults.Count > 0)
        {
            throw new SettingsException(faults);
        }
    }

    private static void Walk(IConfigurationSection section, SettingsTree node, SettingsTree root, string prefix, List<string> faults)
    {
        foreach (var child in section.GetChildren())
        {
            if (!node.Children.TryGetValue(child.Key, out var known))
            {
                var nearest = Nearest(child.Path[(prefix.Length + 1)..], root);
                faults.Add($"The setting {child.Path} is not known." + (nearest is null ? "" : $" Did you mean {prefix}:{nearest}?"));
            }
            else if (known.Leaf is not null)
            {
                if (Fault(child, known) is { } fault)
                {
                    faults.Add($"The setting {child.Path} {fault}");
                }
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

    /// <summary>Returns the fault of a value without the value, which may be a secret.</summary>
    private static string? Fault(IConfigurationSection setting, SettingsTree known)
    {
        if (SettingsTree.IsCollection(known.Type))
        {
            return null;
        }

        if (setting.GetChildren().Any())
        {
            return "is a value and has no keys below it.";
        }

        if (string.IsNullOrEmpty(setting.Value))
        {
            return known.MayBeEmpty ? null : "is empty: give it a value or leave it out.";
        }

        if (!IsText(setting.Value))
        {
            return "contains a control character, or text that is not Unicode.";
        }

        return known.Type == typeof(string) || CanRead(setting.Value, known.Type) ? null : $"cannot be read: it must be {Describe(known.Type)}.";
    }

    private static bool IsText(string value)
    {
        for (var at = 0; at < value.Length;)
        {
            if (!Rune.TryGetRuneAt(value, at, out var rune) || Rune.IsControl(rune))
            {
                return false;
            }

            at += rune.Utf16SequenceLength;
        }

        return true;
    }

    private static bool CanRead(string text, Type type)
    {
        if (type.IsEnum)
        {
            // The converter also accepts numbers, even without a name.
            return Enum.GetNames(type).Contains(text.Trim(), StringComparer.OrdinalIgnoreCase);
        }

        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text) is not null;
        }
        catch (Exception error) when (error is FormatException or ArgumentException or NotSupportedException or InvalidCastException or OverflowException)
        {
            // The exceptions of converters for malformed texts.
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

    private static string? Nearest(string key, SettingsTree root)
    {
        var best = root.Paths().Select(p => (Path: p, Distance: Distance(key.ToUpperInvariant(), p.ToUpperInvariant()))).OrderBy(p => p.Distance).FirstOrDefault();
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
}
