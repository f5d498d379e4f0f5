using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Bxb.Primitives.Migrations;

/// <summary>One step of a database's schema. It runs once and must not be changed after that.</summary>
/// <param name="Set">The schema's owner. Numbers count within a set.</param>
/// <param name="Number">The place in the set, from 1, without gaps.</param>
/// <param name="Name">A description, for logs and errors.</param>
/// <param name="Sql">The statements, in the form that the <see cref="IMigrationTarget"/> runs.</param>
public sealed partial record SqlMigration(string Set, int Number, string Name, string Sql)
{
    /// <summary>The SHA-256 of <see cref="Sql"/> in lower-case hexadecimal digits.</summary>
    public string Checksum => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sql)));

    /// <summary>Reads the SQL files that an assembly embeds in a folder, named <c>0001_what_it_does.sql</c>, in order.</summary>
    /// <param name="assembly">The assembly. The files are embedded under their default resource names.</param>
    /// <param name="set">The set of the migrations.</param>
    /// <param name="folder">The folder below the project's root, with slashes or dots.</param>
    /// <exception cref="InvalidOperationException">The folder holds no migration, or they are not numbered 1, 2, 3.</exception>
    public static IReadOnlyList<SqlMigration> Load(Assembly assembly, string set, string folder)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        ArgumentNullException.ThrowIfNull(folder);
        var infix = "." + folder.Trim('/').Replace('/', '.') + ".";
        var migrations = new List<SqlMigration>();
        foreach (var resource in assembly.GetManifestResourceNames().Order(StringComparer.Ordinal))
        {
            var match = FileName().Match(resource);
            if (match.Success && resource.AsSpan(0, match.Index).EndsWith(infix, StringComparison.Ordinal))
            {
#pragma warning disable MA0045 // Registration is synchronous, and an embedded file is in memory already.
                using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
                var sql = reader.ReadToEnd().ReplaceLineEndings("\n");
#pragma warning restore MA0045
                migrations.Add(new(set, int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture), match.Groups["name"].Value, sql));
            }
        }

        return migrations.Count > 0 ? migrations : throw new InvalidOperationException($"{assembly.GetName().Name} embeds no migration in {folder}.");
    }

    /// <inheritdoc />
    public override string ToString() => $"{Set} {Number} {Name}";

    [GeneratedRegex(@"(?<number>\d{4})_(?<name>[a-z0-9_]+)\.sql$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex FileName();
}
