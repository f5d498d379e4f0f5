using System.Globalization;

namespace Bxb.Host.Cli.Import;

/// <summary>
/// Decides the type of each column that becomes a property: numbers when every value is a plain decimal, else text. So a text in a column of numbers is never changed. The file is read once for
/// this before the first event is sent. A pipe can be read only once, so its columns are text unless the options say otherwise.
/// </summary>
internal sealed class CsvTypes
{
    private const int LongestValue = 40;
    private readonly List<CsvProperty> _decided;

    private CsvTypes(List<CsvProperty> decided, List<string> notes)
    {
        _decided = decided;
        Notes = notes;
    }

    /// <summary>The columns, each with its type.</summary>
    public IReadOnlyList<CsvProperty> Properties => _decided;

    /// <summary>Lines for the summary: the columns of text that also hold numbers.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Reads the file. Its position is the beginning, before and after.</summary>
    public static async Task<CsvTypes> DecideAsync(FileStream file, ImportSettings settings, IReadOnlyList<CsvProperty> properties, CancellationToken cancellationToken)
    {
        var open = properties.Where(p => p.IsNumber is null).Select(p => new Candidate(p)).ToList();
        if (open.Count > 0)
        {
            using (var rows = await CsvRows.OpenAsync(file, settings))
            {
                await ReadAsync(rows, open, cancellationToken);
            }

            file.Position = 0;
        }

        var notes = open.Where(c => c.HasNumbers && c.Other is not null).Select(c => Note(c.Property.Header, c.Other!.Value)).ToList();
        var numbers = open.Where(c => c.HasNumbers && c.Other is null).Select(c => c.Property.Column).ToHashSet();
        return new CsvTypes([.. properties.Select(p => p with { IsNumber = p.IsNumber ?? numbers.Contains(p.Column) })], notes);
    }

    /// <summary>The types for a pipe.</summary>
    public static CsvTypes OfPipe(IReadOnlyList<CsvProperty> properties)
    {
        var unknown = properties.Where(p => p.IsNumber is null).Select(p => p.Header).ToList();
        return new CsvTypes(
            [.. properties.Select(p => p with { IsNumber = p.IsNumber ?? false })],
            unknown.Count == 0 ? [] : [$"text        {string.Join(", ", unknown)}: a pipe is read once; name columns of numbers with --number"]);
    }

    private static async Task ReadAsync(CsvRows rows, List<Candidate> open, CancellationToken cancellationToken)
    {
        try
        {
            // Until every column has both a number and another value: then all are text.
            while (open.Exists(c => c.Other is null || !c.HasNumbers) && await rows.ReadAsync())
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (rows.Fault() is null)
                {
                    open.ForEach(c => c.Look(rows[c.Property.Column], rows.Line));
                }
            }
        }
        catch (CommandException)
        {
            // The import sends the rows up to here and reports the same fault.
        }
    }

    private static string Note(string header, (long Line, string Value) other)
    {
        var value = new string([.. other.Value.Take(LongestValue).Select(c => char.IsControl(c) ? ' ' : c)]) + (other.Value.Length > LongestValue ? "..." : "");
        return string.Create(CultureInfo.InvariantCulture, $"text        {header}: line {other.Line} has '{value}', which is not a plain decimal");
    }

    private sealed class Candidate(CsvProperty property)
    {
        public CsvProperty Property => property;

        public bool HasNumbers { get; private set; }

        public (long Line, string Value)? Other { get; private set; }

        public void Look(string value, long line)
        {
            if (value.Length > 0 && CsvValues.IsPlainDecimal(value))
            {
                HasNumbers = true;
            }
            else if (value.Length > 0)
            {
                Other ??= (line, value);
            }
        }
    }
}
