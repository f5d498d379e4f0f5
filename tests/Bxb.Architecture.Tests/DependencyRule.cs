using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Bxb.Architecture.Tests;

/// <summary>The dependency rule, read from the metadata of a compiled module: what it uses of other modules, and what it shows to them.</summary>
internal static class DependencyRule
{
    private const TypeAttributesMask Visibility = TypeAttributesMask.Visibility;

    private enum TypeAttributesMask
    {
        Public = 1,
        Visibility = 7,
    }

    /// <summary>The types of other modules that the assembly uses and that do not stand in their <c>Contracts</c>.</summary>
    /// <param name="assembly">The module's file.</param>
    /// <param name="modules">The assembly names of all modules.</param>
    public static IReadOnlyList<string> Trespasses(string assembly, IReadOnlyCollection<string> modules)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var reader = file.GetMetadataReader();
        var found = new List<string>();
        foreach (var handle in reader.TypeReferences)
        {
            var type = reader.GetTypeReference(handle);
            if (type.ResolutionScope.Kind != HandleKind.AssemblyReference)
            {
                continue;
            }

            var owner = reader.GetString(reader.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope).Name);
            var space = reader.GetString(type.Namespace);
            if (modules.Contains(owner) && space != owner + ".Contracts" && !space.StartsWith(owner + ".Contracts.", StringComparison.Ordinal))
            {
                found.Add($"{space}.{reader.GetString(type.Name)}");
            }
        }

        return found;
    }

    /// <summary>The public types of a module that are neither contracts, nor its module class, nor its options.</summary>
    public static IReadOnlyList<string> PublicTypes(string assembly, string module)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var reader = file.GetMetadataReader();
        var found = new List<string>();
        foreach (var handle in reader.TypeDefinitions)
        {
            var type = reader.GetTypeDefinition(handle);
            var space = reader.GetString(type.Namespace);
            var name = reader.GetString(type.Name);
            var isPublic = ((TypeAttributesMask)type.Attributes & Visibility) == TypeAttributesMask.Public;
            var isExpected = (space + ".").StartsWith($"{module}.Contracts.", StringComparison.Ordinal)
                || (space == module && name.EndsWith("Module", StringComparison.Ordinal)) || name.EndsWith("Options", StringComparison.Ordinal);
            // The compiler's own, such as the attributes that it embeds, have no namespace of ours.
            if (isPublic && !isExpected && space.StartsWith("Bxb.", StringComparison.Ordinal))
            {
                found.Add($"{space}.{name}");
            }
        }

        return found;
    }
}
