using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Bxb.Primitives.Json;

namespace Bxb.Modularity.Http;

/// <summary>Compares a JSON value with the type of its target and lists every mismatch.</summary>
internal static class JsonShape
{
    private const int MaxFaults = ProblemDocument.MaxFaults;

    public static IReadOnlyList<ApiFault> Check(JsonElement value, JsonTypeInfo type)
    {
        var faults = new List<ApiFault>();
        if (value.ValueKind == JsonValueKind.Null)
        {
            faults.Add(new ApiFault("", "must be an object"));
            return faults;
        }

        Walk(value, type, "", faults);
        return faults;
    }

    private static void Walk(JsonElement value, JsonTypeInfo type, string pointer, List<ApiFault> faults)
    {
        if (faults.Count >= MaxFaults || value.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString()!.Contains('\0', StringComparison.Ordinal))
        {
            faults.Add(new ApiFault(pointer, "must not contain the character NUL"));
            return;
        }

        switch (type.Kind)
        {
            case JsonTypeInfoKind.Object:
                WalkObject(value, type, pointer, faults);
                break;
            case JsonTypeInfoKind.Enumerable:
                WalkArray(value, type, pointer, faults);
                break;
            case JsonTypeInfoKind.Dictionary:
                WalkMap(value, type.Options.GetTypeInfo(type.ElementType!), pointer, faults);
                break;
            case var _ when type.Type == typeof(JsonElement?) && value.ValueKind == JsonValueKind.Array:
                // Its reader checks its type; the rule of texts applies to it too.
                WalkItems(value, type, pointer, faults);
                break;
            default:
                CheckScalar(value, Nullable.GetUnderlyingType(type.Type) ?? type.Type, pointer, faults);
                break;
        }
    }

    private static void WalkObject(JsonElement value, JsonTypeInfo type, string pointer, List<ApiFault> faults)
    {
        if (!Expect(value, JsonValueKind.Object, "must be an object", pointer, faults))
        {
            return;
        }

        foreach (var member in value.EnumerateObject())
        {
            var place = JsonPointer.Member(pointer, member.Name);
            var known = type.Properties.FirstOrDefault(p => p.Name == member.Name);
            if (known is null)
            {
                faults.Add(new ApiFault(place, $"is not known; the members are {string.Join(", ", type.Properties.Select(p => p.Name))}"));
            }
            else
            {
                Walk(member.Value, type.Options.GetTypeInfo(known.PropertyType), place, faults);
            }
        }
    }

    private static void WalkArray(JsonElement value, JsonTypeInfo type, string pointer, List<ApiFault> faults)
    {
        if (!Expect(value, JsonValueKind.Array, "must be an array", pointer, faults))
        {
            return;
        }

        WalkItems(value, type.Options.GetTypeInfo(type.ElementType!), pointer, faults);
    }

    private static void WalkMap(JsonElement value, JsonTypeInfo element, string pointer, List<ApiFault> faults)
    {
        if (!Expect(value, JsonValueKind.Object, "must be an object", pointer, faults))
        {
            return;
        }

        foreach (var member in value.EnumerateObject())
        {
            Walk(member.Value, element, JsonPointer.Member(pointer, member.Name), faults);
        }
    }

    private static void WalkItems(JsonElement value, JsonTypeInfo element, string pointer, List<ApiFault> faults)
    {
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            var place = JsonPointer.Element(pointer, index++);
            if (item.ValueKind == JsonValueKind.Null)
            {
                faults.Add(new ApiFault(place, "must not be null"));
            }
            else
            {
                Walk(item, element, place, faults);
            }

            if (faults.Count >= MaxFaults)
            {
                return;
            }
        }
    }

    private static void CheckScalar(JsonElement value, Type type, string pointer, List<ApiFault> faults)
    {
        if (type == typeof(string))
        {
            Expect(value, JsonValueKind.String, "must be a text", pointer, faults);
        }
        else if (type == typeof(bool))
        {
            if (value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
            {
                faults.Add(new ApiFault(pointer, "must be true or false"));
            }
        }
        else if (type.IsEnum)
        {
            var names = Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName).ToArray();
            if (value.ValueKind != JsonValueKind.String || !names.Contains(value.GetString(), StringComparer.Ordinal))
            {
                faults.Add(new ApiFault(pointer, $"must be one of {string.Join(", ", names)}"));
            }
        }
        else if (type == typeof(int) || type == typeof(long))
        {
            if (value.ValueKind != JsonValueKind.Number || !(type == typeof(int) ? value.TryGetInt32(out _) : value.TryGetInt64(out _)))
            {
                faults.Add(new ApiFault(pointer, "must be a whole number" + (type == typeof(int) ? " of 32 bits" : " of 64 bits")));
            }
        }
        else if (type == typeof(DateTimeOffset) && (value.ValueKind != JsonValueKind.String || !QueryTime.TryParse(value.GetString(), out _)))
        {
            faults.Add(new ApiFault(pointer, QueryTime.Rule));
        }
        else if (type == typeof(decimal) || type == typeof(double))
        {
            Expect(value, JsonValueKind.Number, "must be a number", pointer, faults);
        }
    }

    private static bool Expect(JsonElement value, JsonValueKind kind, string reason, string pointer, List<ApiFault> faults)
    {
        if (value.ValueKind == kind)
        {
            return true;
        }

        faults.Add(new ApiFault(pointer, reason));
        return false;
    }
}
