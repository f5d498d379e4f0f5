namespace Bxb.Host.Cli.Import;

/// <summary>A column that becomes a property.</summary>
/// <param name="Column">The column's index.</param>
/// <param name="Header">The column's name in the file.</param>
/// <param name="Name">The property's name.</param>
/// <param name="IsNumber">Whether the values are numbers or text; null until the file was read.</param>
internal sealed record CsvProperty(int Column, string Header, string Name, bool? IsNumber);

/// <summary>The targets of the columns of a CSV file, from the options and the header row.</summary>
internal sealed class CsvColumns
{
    private CsvColumns(Dictionary<string, int> fields, List<CsvProperty> properties)
    {
        Fields = fields;
        Properties = properties;
    }

    /// <summary>The column of each member of an event that comes from a column.</summary>
    public IReadOnlyDictionary<string, int> Fields { get; }

    /// <summary>The columns that become properties, in order.</summary>
    public IReadOnlyList<CsvProperty> Properties { get; }

    /// <summary>Resolves the options. A member that is neither mapped nor set takes the column of its own name.</summary>
    /// <exception cref="CommandException">A column is missing, unnamed or ambiguous, or a required member has no source.</exception>
    public static CsvColumns Resolve(string[] header, CsvMapping mapping)
    {
        var twice = header.GroupBy(h => h, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1 && g.Key.Length > 0);
        if (twice is not null)
        {
            throw new CommandException($"The header names the column {twice.Key} twice.");
        }

        var fields = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var field in CsvMapping.Fields.Where(f => !mapping.Set.ContainsKey(f)))
        {
            if (mapping.Map.TryGetValue(field, out var column))
            {
                fields[field] = IndexOf(header, column);
            }
            else if (Array.IndexOf(header, field) is >= 0 and var own)
            {
                fields[field] = own;
            }
            else if (field is "external_customer_id" or "code")
            {
                throw new CommandException($"No column gives {field}: say --map {field}=COLUMN or --set {field}=VALUE. The columns are {string.Join(", ", header)}.");
            }
        }

        var chosen = mapping.Properties?.Select(p => (Column: IndexOf(header, p.Key), Name: p.Value))
            ?? Enumerable.Range(0, header.Length).Where(i => !fields.ContainsValue(i)).Select(i => (Column: i, Name: header[i]));
        var properties = chosen.Select(p => new CsvProperty(p.Column, header[p.Column], p.Name, mapping.TypeOf(header[p.Column]))).ToList();
        var unnamed = properties.FindIndex(p => p.Name.Length == 0);
        if (unnamed >= 0)
        {
            throw new CommandException($"Column {properties[unnamed].Column + 1} has no name: choose the others with --properties.");
        }

        foreach (var typed in mapping.Text.Concat(mapping.Numbers))
        {
            IndexOf(header, typed);
        }

        return new CsvColumns(fields, properties);
    }

    private static int IndexOf(string[] header, string column)
    {
        var index = column.Length == 0 ? -1 : Array.IndexOf(header, column);
        return index >= 0 ? index : throw new CommandException($"There is no column {column}. The columns are {string.Join(", ", header)}.");
    }
}
