using System.Globalization;
using System.Text;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bxb.Host.Cli.Import;

/// <summary>The rows of a CSV file (RFC 4180) with a header row, in bounded memory. Not thread-safe. The caller disposes the file.</summary>
internal sealed class CsvRows : IDisposable
{
    /// <summary>Replaces bytes that are not UTF-8. No valid text has this character, so such rows are recognized and refused.</summary>
    private const char NotUtf8 = '\uFDD0';

    private readonly CsvParser _parser;
    private bool _badQuotes;

    private CsvRows(Stream file, ImportSettings settings)
    {
        var encoding = Encoding.GetEncoding("utf-8", EncoderFallback.ExceptionFallback, new DecoderReplacementFallback(NotUtf8.ToString()));
        var text = new BoundedLineText(new StreamReader(file, encoding, detectEncodingFromByteOrderMarks: false, leaveOpen: true), settings.MaxLineBytes);
        _parser = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = settings.Csv.Delimiter,
            IgnoreBlankLines = true,
            MaxFieldSize = settings.MaxLineBytes,
            BadDataFound = _ => _badQuotes = true,
        });
    }

    /// <summary>The names of the columns.</summary>
    public string[] Header { get; private set; } = [];

    /// <summary>The first line of the row.</summary>
    public long Line => _parser.RawRow - Record.Count('\n');

    /// <summary>The last line of the row.</summary>
    public long LastLine => _parser.RawRow;

    /// <summary>The row's text in the file, without its line end.</summary>
    public ReadOnlySpan<char> Record => _parser.RawRecord.AsSpan().TrimEnd("\r\n");

    /// <summary>The value of a column.</summary>
    public string this[int column] => _parser[column];

    /// <summary>Reads the header.</summary>
    /// <param name="file">Positioned at its beginning.</param>
    /// <param name="settings">Delimiter and bounds.</param>
    /// <exception cref="CommandException">The header is missing or malformed.</exception>
    public static async Task<CsvRows> OpenAsync(Stream file, ImportSettings settings)
    {
        var rows = new CsvRows(file, settings);
        try
        {
            var header = await rows.ReadAsync() ? rows._parser.Record! : throw new CommandException("The file is empty: a CSV file begins with a header row.");
            header[0] = header[0].TrimStart('\uFEFF');
            rows.Header = rows._badQuotes || header.Any(h => h.Contains(NotUtf8, StringComparison.Ordinal))
                ? throw new CommandException("The header row cannot be read: wrong quotes, or not UTF-8.")
                : header;
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <summary>Moves to the next row that is not blank. False at the end of the file.</summary>
    /// <exception cref="CommandException">The rest of the file cannot be read.</exception>
    public async Task<bool> ReadAsync()
    {
        _badQuotes = false;
        var reached = _parser.RawRow;
        try
        {
            return await _parser.ReadAsync();
        }
        catch (Exception unreadable) when (unreadable is MaxFieldSizeException or InvalidDataException)
        {
            throw new CommandException($"A field or line after line {reached} is longer than --max-line-bytes: is a closing quote missing?", unreadable);
        }
    }

    /// <summary>The fault in the row's form, or null.</summary>
    public string? Fault()
    {
        if (_parser.Count != Header.Length)
        {
            return string.Create(CultureInfo.InvariantCulture, $"has {_parser.Count} fields, the header has {Header.Length}");
        }

        // The parser checks the quotes of a field when the field is read.
        for (var i = 0; i < _parser.Count; i++)
        {
            _ = _parser[i];
        }

        return _badQuotes ? "a quote is misplaced" : _parser.RawRecord.Contains(NotUtf8, StringComparison.Ordinal) ? "not UTF-8" : null;
    }

    /// <inheritdoc />
    public void Dispose() => _parser.Dispose();
}
