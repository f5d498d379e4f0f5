namespace Bxb.Host.Cli.Import;

/// <summary>How the columns of a CSV file become events, as the options say it. Two are equal when both say nothing.</summary>
internal sealed record CsvMapping
{
    /// <summary>The members of an event that a column or a fixed value can give.</summary>
    public static readonly IReadOnlyList<string> Fields = ["transaction_id", "external_customer_id", "code", "timestamp"];

    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>(StringComparer.Ordinal);
    private static readonly IReadOnlySet<string> NoColumns = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>Member of the event to column: <c>--map</c>.</summary>
    public IReadOnlyDictionary<string, string> Map { get; init; } = Nothing;

    /// <summary>Member of the event to the value that every event gets: <c>--set</c>.</summary>
    public IReadOnlyDictionary<string, string> Set { get; init; } = Nothing;

    /// <summary>Column to the property's name, in this order; null: every column that is not mapped, under its own name.</summary>
    public IReadOnlyDictionary<string, string>? Properties { get; init; }

    /// <summary>Columns of text, even if every value looks like a number: <c>--text</c>.</summary>
    public IReadOnlySet<string> Text { get; init; } = NoColumns;

    /// <summary>Columns of numbers; a row with another value there is refused: <c>--number</c>.</summary>
    public IReadOnlySet<string> Numbers { get; init; } = NoColumns;

    /// <summary>What is put behind timestamps that carry no offset: <c>Z</c> or <c>+02:00</c>.</summary>
    public string Offset { get; init; } = "Z";

    /// <summary>Between two fields.</summary>
    public string Delimiter { get; init; } = ",";

    /// <summary>What the options say of a column: numbers, text, or nothing.</summary>
    public bool? TypeOf(string column) => Numbers.Contains(column) ? true : Text.Contains(column) ? false : null;

    /// <summary>Reads the options' texts.</summary>
    /// <exception cref="ImportException">One of them cannot be understood.</exception>
    public static CsvMapping Parse(
        IReadOnlyList<string> map, IReadOnlyList<string> set, IReadOnlyList<string> properties, IReadOnlyList<string> text, IReadOnlyList<string> numbers,
        string offset, string delimiter)
    {
        if (offset is not "Z" && !(offset.Length == 6 && offset[0] is '+' or '-' && TimeSpan.TryParseExact(offset[1..], @"hh\:mm", null, out _)))
        {
            throw new ImportException($"--offset must be Z or like +02:00, not {offset}.");
        }

        if (delimiter.Length != 1 || delimiter[0] is '"' or '\r' or '\n')
        {
            throw new ImportException("--delimiter must be one character, and neither a quote nor a line break.");
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
            throw new ImportException($"{torn} cannot be named by --text and by --number.");
        }

        var both = mapping.Map.Keys.FirstOrDefault(mapping.Set.ContainsKey);
        return both is null ? mapping : throw new ImportException($"{both} cannot be given by --map and by --set.");
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
                throw new ImportException($"{option} must be like {Fields[2]}=something, not {text}.");
            }

            var field = text[..equals];
            if (!Fields.Contains(field))
            {
                throw new ImportException($"{option} knows {string.Join(", ", Fields)}, not {field}.");
            }

            if (!pairs.TryAdd(field, text[(equals + 1)..]))
            {
                throw new ImportException($"{option} names {field} twice.");
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
                throw new ImportException($"--properties must be like column=name,column, each once; {text} is not.");
            }
        }

        return columns;
    }
}
