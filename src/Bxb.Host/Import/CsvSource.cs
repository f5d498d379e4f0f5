using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Bxb.Modularity.Json;
using CsvHelper;
using CsvHelper.Configuration;

namespace Bxb.Host.Import;

/// <summary>
/// CSV (RFC 4180) with a header row. An empty field is no property; a field written like a JSON number becomes one, digit by digit as it stands there;
/// everything else is text.
/// </summary>
internal sealed class CsvSource : IEventSource
{
    /// <summary>Stands for bytes that are not UTF-8: no text has this character, so such a row can be told and refused.</summary>
    private const char NotUtf8 = '\uFDD0';

    private readonly FileStream _file;
    private readonly CsvParser _parser;
    private CsvColumns? _columns;
    private readonly CsvMapping _mapping;
    private readonly ImportTally _tally;
    private readonly LineId _ids;
    private readonly Utf8JsonWriter _writer = new(Stream.Null, ApiJson.WriterOptions);
    private bool _badQuotes;

    private CsvSource(FileStream file, ImportSettings settings, ImportTally tally)
    {
        _file = file;
        _mapping = settings.Csv;
        _tally = tally;
        _ids = new LineId(settings.FileId);
        var encoding = Encoding.GetEncoding("utf-8", EncoderFallback.ExceptionFallback, new DecoderReplacementFallback(NotUtf8.ToString()));
        var text = new BoundedLineText(new StreamReader(file, encoding, detectEncodingFromByteOrderMarks: false), settings.MaxLineBytes);
        _parser = new CsvParser(text, new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            Delimiter = settings.Csv.Delimiter,
            IgnoreBlankLines = true,
            MaxFieldSize = settings.MaxLineBytes,
            BadDataFound = _ => _badQuotes = true,
        });
    }

    private CsvColumns Columns => _columns ?? throw new InvalidOperationException("The header was not read.");

    private long Line => _parser.RawRow - _parser.RawRecord.AsSpan().TrimEnd("\r\n").Count('\n');

    /// <summary>Opens the file and reads its header.</summary>
    /// <exception cref="ImportException">The header and the options do not fit.</exception>
    public static async Task<CsvSource> OpenAsync(FileStream file, ImportSettings settings, ImportTally tally)
    {
        var source = new CsvSource(file, settings, tally);
        try
        {
            source._columns = CsvColumns.Resolve(await source.HeaderAsync(), settings.Csv);
            return source;
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public async Task<bool> FillAsync(ImportBatch batch, CancellationToken cancellationToken)
    {
        var more = true;
        try
        {
            while (!batch.IsFull && (more = await ReadAsync()))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var fault = Look();
                if (fault is null)
                {
                    await WriteAsync(batch);
                }
                else
                {
                    _tally.Reject(Line, fault);
                }
            }

            return more;
        }
        finally
        {
            batch.LastLine = _parser.RawRow;
            batch.FileBytes = _file.Position;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _parser.Dispose();
        _ids.Dispose();
        _writer.Dispose();
        _file.Dispose();
    }

    private async Task<string[]> HeaderAsync()
    {
        var header = await ReadAsync() ? _parser.Record! : throw new ImportException("The file is empty: a CSV file begins with a header row.");
        header[0] = header[0].TrimStart('\uFEFF');
        return _badQuotes || header.Any(h => h.Contains(NotUtf8, StringComparison.Ordinal)) ? throw new ImportException("The header row cannot be read: wrong quotes, or not UTF-8.") : header;
    }

    private async Task<bool> ReadAsync()
    {
        _badQuotes = false;
        var reached = _parser.RawRow;
        try
        {
            return await _parser.ReadAsync();
        }
        catch (Exception unreadable) when (unreadable is MaxFieldSizeException or InvalidDataException)
        {
            throw new ImportException($"A field or line behind line {reached} is longer than --max-line-bytes: is there a quote that nothing closes?", unreadable);
        }
    }

    private string? Look()
    {
        if (_parser.Count != Columns.Count)
        {
            return string.Create(CultureInfo.InvariantCulture, $"has {_parser.Count} fields, the header has {Columns.Count}");
        }

        // The parser judges the quotes of a field when it is asked for.
        for (var i = 0; i < _parser.Count; i++)
        {
            _ = _parser[i];
        }

        return _badQuotes ? "a quote stands where none can" : _parser.RawRecord.Contains(NotUtf8, StringComparison.Ordinal) ? "not UTF-8" : null;
    }

    private async ValueTask WriteAsync(ImportBatch batch)
    {
        _writer.Reset(batch.Begin());
        _writer.WriteStartObject();
        foreach (var field in CsvMapping.Fields)
        {
            WriteField(field);
        }

        _writer.WriteStartObject("properties");
        foreach (var (column, name, isText) in Columns.Properties)
        {
            var value = _parser[column];
            if (value.Length == 0)
            {
                continue;
            }

            _writer.WritePropertyName(name);
            if (!isText && CsvValues.IsJsonNumber(value))
            {
                _writer.WriteRawValue(value, skipInputValidation: true);
            }
            else
            {
                _writer.WriteStringValue(value);
            }
        }

        _writer.WriteEndObject();
        _writer.WriteEndObject();
        await _writer.FlushAsync();
        batch.End(Line);
    }

    private void WriteField(string field)
    {
        if (Columns.Fields.TryGetValue(field, out var column))
        {
            var value = _parser[column];

            // An empty timestamp would be the time of the import; the host is to refuse it rather.
            _writer.WriteString(field, field == "timestamp" ? CsvValues.ToIso(value, _mapping.Offset) : value);
        }
        else if (_mapping.Set.TryGetValue(field, out var value))
        {
            _writer.WriteString(field, field == "timestamp" ? CsvValues.ToIso(value, _mapping.Offset) : value);
        }
        else if (field == "transaction_id")
        {
            var record = _parser.RawRecord.AsSpan().TrimEnd("\r\n");
            var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(record.Length));
            Span<byte> id = stackalloc byte[LineId.Length];
            _ids.Write(Line, bytes.AsSpan(0, Encoding.UTF8.GetBytes(record, bytes)), id);
            ArrayPool<byte>.Shared.Return(bytes);
            _writer.WriteString(field, id);
        }
    }
}
