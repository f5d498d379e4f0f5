namespace Bxb.Host.Cli.Import;

/// <summary>The options that map the columns of a CSV file to events. Two without options are equal.</summary>
internal sealed record CsvMapping
{
    /// <summary>The members of an event that can come from a column or a fixed value.</summary>
    public static readonly IReadOnlyList<string> Fields = ["transaction_id", "external_customer_id", "code", "timestamp"];

    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>(StringComparer.Ordinal);
    private static readonly IReadOnlySet<string> NoColumns = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Member of the event to column: <c>--map</c>.</summary>
    public IReadOnlyDictionary<string, string> Map { get; init; } = Nothing;

    /// <summary>Member of the event to its value in every event: <c>--set</c>.</summary>
    public IReadOnlyDictionary<string, string> Set { get; init; } = Nothing;

    /// <summary>Column to property name, in order; null: all columns that are not mapped, under their own names.</summary>
    public IReadOnlyDictionary<string, string>? Properties { get; init; }

    /// <summary>Columns of text, even when all values look like numbers: <c>--text</c>.</summary>
    public IReadOnlySet<string> Text { get; init; } = NoColumns;

    /// <summary>Columns of numbers, in which other values are refused: <c>--number</c>.</summary>
    public IReadOnlySet<string> Numbers { get; init; } = NoColumns;

    /// <summary>Offset of timestamps without one: <c>Z</c> or <c>+02:00</c>.</summary>
    public string Offset { get; init; } = "Z";

    public string Delimiter { get; init; } = ",";

    /// <summary>The type that the options give a column: true for numbers, false for text, or null.</summary>
    public bool? TypeOf(string column) => Numbers.Contains(column) ? true : Text.Contains(column) ? false : null;

    /// <summary>Parses the options.</summary>
    /// <exception cref="CommandException">An option is malformed.</exception>
    public static CsvMapping Parse(
        IReadOnlyList<string> map, IReadOnlyList<string> set, IReadOnlyList<string> properties, IReadOnlyList<string> text, IReadOnlyList<string> numbers,
        string offset, string delimiter)
    {
        if (offset is not "Z" && !(offset.Length == 6 && offset[0] is '+' or '-' && TimeSpan.TryParseExact(offset[1..], @"hh\:mm", null, out _)))
        {
            throw new CommandException($"--offset must be Z or like +02:00, not {offset}.");
        }

        if (delimiter.Length != 1 || delimiter[0] is '"' or '\r' or '\n')
        {
            throw new CommandException("--delimiter must be one character, and neither a quote nor a line break.");
        }

        var mapping = new CsvMapping
        {
            Map = map.Count == 0 ? Nothing : Pairs("--map", map),
            Set = set.Count == 0 ? Nothing : Pairs("--set", set),
            Properties = properties.Count == 0 ? null : Columns(properties),
            Text = text.Count == 0 ? NoColumns : Names(text),
            Numbers = numbers.Count == 0 ? NoColumns : Names(numbers),
            Offset = offset,
            Delimiter = delimiter,
        };
        if (mapping.Numbers.FirstOrDefault(mapping.Text.Contains) is { } torn)
        {
            throw new CommandException($"{torn} cannot be named by --text and by --number.");
        }

        var both = mapping.Map.Keys.FirstOrDefault(mapping.Set.ContainsKey);
        return both is null ? mapping : throw new CommandException($"{both} cannot be given by --map and by --set.");
    }

    private static HashSet<string> Names(IReadOnlyList<string> texts)
        => texts.SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries)).ToHashSet(StringComparer.Ordinal);

    private static Dictionary<string, string> Pairs(string option, IReadOnlyList<string> texts)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == text.Length - 1)
            {
                throw new CommandException($"{option} must be like {Fields[2]}=something, not {text}.");
            }

            var field = text[..equals];
            if (!Fields.Contains(field))
            {
                throw new CommandException($"{option} knows {string.Join(", ", Fields)}, not {field}.");
            }

            if (!pairs.TryAdd(field, text[(equals + 1)..]))
            {
                throw new CommandException($"{option} names {field} twice.");
            }
        }

        return pairs;
    }

    private static Dictionary<string, string> Columns(IReadOnlyList<string> texts)
    {
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in texts.SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            var (column, name) = equals < 0 ? (text, text) : (text[..equals], text[(equals + 1)..]);
            if (column.Length == 0 || name.Length == 0 || columns.ContainsValue(name) || !columns.TryAdd(column, name))
            {
                throw new CommandException($"--properties must be like column=name,column, each once; {text} is not.");
            }
        }

        return columns;
    }
}
