using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace Bxb.Modularity.Settings;

/// <summary>The known keys below <c>Bxb</c>. Each node is a value (<see cref="Leaf"/>) or a section.</summary>
/// <param name="leaf">The property that takes the value; null for a section.</param>
internal sealed class SettingsTree(PropertyInfo? leaf)
{
    public PropertyInfo? Leaf { get; } = leaf;

    public Dictionary<string, SettingsTree> Children { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The type of the value, without <c>?</c>; only for a leaf.</summary>
    public Type Type => TypeOf(Leaf!);

    /// <summary>Whether empty text is a value of the key, as <c>[Required(AllowEmptyStrings = true)]</c> says.</summary>
    public bool MayBeEmpty => Leaf!.GetCustomAttribute<RequiredAttribute>() is { AllowEmptyStrings: true };

    public static SettingsTree Of(IEnumerable<KnownSettings> known)
    {
        var root = new SettingsTree(null);
        foreach (var part in known)
        {
            var node = part.Path.Split(':', StringSplitOptions.RemoveEmptyEntries).Aggregate(root, (parent, name) => parent.Child(name, null));
            node.Take(part.Type, part.Except);
        }

        return root;
    }

    /// <summary>Whether a property of this type is a section with keys of its own.</summary>
    public static bool IsSection(Type type)
        => type.IsClass && type != typeof(string) && !IsCollection(type) && !typeof(Delegate).IsAssignableFrom(type)
            && !TypeDescriptor.GetConverter(type).CanConvertFrom(typeof(string));

    public static bool IsCollection(Type type) => type != typeof(string) && typeof(System.Collections.IEnumerable).IsAssignableFrom(type);

    /// <summary>The paths of all sections and values.</summary>
    public IEnumerable<string> Paths(string prefix = "")
        => Children.SelectMany(c => c.Value.Leaf is not null ? [prefix + c.Key] : c.Value.Paths(prefix + c.Key + ":").Append(prefix + c.Key));

    private static Type TypeOf(PropertyInfo property) => Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;

    private void Take(Type type, string? except)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            var value = TypeOf(property);
            var isReadable = property.SetMethod is { IsPublic: true } || IsSection(value) || IsCollection(value);
            if (!isReadable || typeof(Delegate).IsAssignableFrom(value) || property.Name == except)
            {
                continue;
            }

            if (IsSection(value))
            {
                Child(property.Name, null).Take(value, except: null);
            }
            else
            {
                Child(property.Name, property);
            }
        }
    }

    private SettingsTree Child(string name, PropertyInfo? leaf)
    {
        if (!Children.TryGetValue(name, out var child))
        {
            Children[name] = child = new SettingsTree(leaf);
        }

        return child;
    }
}
