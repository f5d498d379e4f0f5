using System.Globalization;
using System.Reflection;

namespace Bxb.ClickHouse;

/// <summary>One step of a database's schema.</summary>
/// <param name="Set">Whose step it is; the numbers count within it.</param>
/// <param name="Number">1, 2, 3 …</param>
/// <param name="Name">For people.</param>
/// <param name="Sql">
/// Its statements, one after the other, parted by lines that begin with <c>-- next</c>. A step that was broken off is run again from its beginning: each statement
/// has to bear that, by <c>IF NOT EXISTS</c> and the like.
/// </param>
public sealed record ClickHouseMigration(string Set, int Number, string Name, string Sql)
{
    /// <summary>Reads the embedded resources <c>FOLDER/0001_name.sql</c> of an assembly, in order.</summary>
    /// <exception cref="InvalidOperationException">There is none, or their numbers are not 1, 2, 3 …</exception>
    public static IReadOnlyList<ClickHouseMigration> FromResources(Assembly assembly, string set, string folder)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var marker = "." + folder.Replace('/', '.') + ".";
        var migrations = new List<ClickHouseMigration>();
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            var at = resource.IndexOf(marker, StringComparison.Ordinal);
            if (at < 0)
            {
                continue;
            }

            var file = resource[(at + marker.Length)..^4];
            using var stream = assembly.GetManifestResourceStream(resource)!;
            using var reader = new StreamReader(stream);
            migrations.Add(new(set, int.Parse(file.AsSpan(0, 4), NumberStyles.None, CultureInfo.InvariantCulture), file[5..], reader.ReadToEnd()));
        }

        return migrations.Count > 0 && migrations.Select(m => m.Number).SequenceEqual(Enumerable.Range(1, migrations.Count))
            ? migrations
            : throw new InvalidOperationException($"The steps of {set} in {folder} are not numbered 1, 2, 3.");
    }

    /// <summary>The statements of the step.</summary>
    internal IEnumerable<string> Statements()
    {
        var lines = new List<string>();
        foreach (var line in Sql.ReplaceLineEndings("\n").Split('\n').Append("-- next"))
        {
            if (!line.StartsWith("-- next", StringComparison.Ordinal))
            {
                lines.Add(line);
                continue;
            }

            var text = string.Join('\n', lines).Trim();
            if (text.Length > 0)
            {
                yield return text;
            }

            lines.Clear();
        }
    }
}
