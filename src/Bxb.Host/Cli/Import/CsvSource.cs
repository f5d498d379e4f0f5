using System.Buffers;
using System.Text;
using System.Text.Json;
using Bxb.Modularity.Json;

namespace Bxb.Host.Cli.Import;

/// <summary>CSV with a header row. Empty fields become no property. Fields in columns of numbers become numbers with the same digits; all others become text.</summary>
internal sealed class CsvSource : IEventSource
{
    private readonly FileStream _file;
    private readonly CsvRows _rows;
    private readonly CsvColumns _columns;
    private readonly IReadOnlyList<CsvProperty> _properties;
    private readonly CsvMapping _mapping;
    private readonly ImportTally _tally;
    private readonly LineId _ids;
    private readonly Utf8JsonWriter _writer = new(Stream.Null, ApiJson.WriterOptions);

    private CsvSource(FileStream file, CsvRows rows, CsvColumns columns, CsvTypes types, ImportSettings settings, ImportTally tally)
    {
        _file = file;
        _rows = rows;
        _columns = columns;
        _properties = types.Properties;
        _mapping = settings.Csv;
        _tally = tally;
        _ids = new LineId(settings.FileId);
        var numbers = _properties.Where(p => p.IsNumber == true).Select(p => p.Header).ToList();
        Notes = [$"numbers     {(numbers.Count == 0 ? "none" : string.Join(", ", numbers))}", .. types.Notes];
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Opens the file, reads its header and decides the types of its columns.</summary>
    /// <param name="file">Positioned at its beginning. The source disposes it, unless this throws.</param>
    /// <param name="settings">The options.</param>
    /// <param name="tally">Counts refused rows.</param>
    /// <param name="cancellationToken">Ends the reading that decides the types.</param>
    /// <exception cref="CommandException">Header and options do not match.</exception>
    public static async Task<CsvSource> OpenAsync(FileStream file, ImportSettings settings, ImportTally tally, CancellationToken cancellationToken)
    {
        var rows = await CsvRows.OpenAsync(file, settings);
        try
        {
            var columns = CsvColumns.Resolve(rows.Header, settings.Csv);
            if (!file.CanSeek)
            {
                return new CsvSource(file, rows, columns, CsvTypes.OfPipe(columns.Properties), settings, tally);
            }

            file.Position = 0;
            var types = await CsvTypes.DecideAsync(file, settings, columns.Properties, cancellationToken);
            rows.Dispose();
            rows = await CsvRows.OpenAsync(file, settings);
            return new CsvSource(file, rows, columns, types, settings, tally);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <inheritdoc />
    public async Task<bool> FillAsync(ImportBatch batch, CancellationToken cancellationToken)
    {
        var more = true;
        try
        {
            while (!batch.IsFull && (more = await _rows.ReadAsync()))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var fault = _rows.Fault() ?? NoNumber();
                if (fault is null)
                {
                    await WriteAsync(batch);
                }
                else
                {
                    _tally.Reject(_rows.Line, fault);
                }
            }

            return more;
        }
        finally
        {
            batch.LastLine = _rows.LastLine;
            batch.FileBytes = _file.CanSeek ? _file.Position : 0;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _rows.Dispose();
        _ids.Dispose();
        _writer.Dispose();
        _file.Dispose();
    }

    /// <summary>The fault of a value that is not a number in a column of numbers: the options named the column, or the file has changed since its types were decided.</summary>
    private string? NoNumber()
    {
        foreach (var property in _properties)
        {
            if (property.IsNumber == true && _rows[property.Column] is { Length: > 0 } value && !CsvValues.IsPlainDecimal(value))
            {
                return $"{property.Header} is a column of numbers, and {(value.Length > 40 ? value[..40] + "..." : value)} is not a plain decimal";
            }
        }

        return null;
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
        foreach (var property in _properties)
        {
            var value = _rows[property.Column];
            if (value.Length == 0)
            {
                continue;
            }

            _writer.WritePropertyName(property.Name);
            if (property.IsNumber == true)
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
        batch.End(_rows.Line);
    }

    private void WriteField(string field)
    {
        var value = _columns.Fields.TryGetValue(field, out var column) ? _rows[column] : _mapping.Set.GetValueOrDefault(field);
        if (value is not null)
        {
            // An empty timestamp is sent too, so the host refuses it. Without it the event would get the time of the import.
            _writer.WriteString(field, field == "timestamp" ? CsvValues.ToIso(value, _mapping.Offset) : value);
        }
        else if (field == "transaction_id")
        {
            var bytes = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(_rows.Record.Length));
            Span<byte> id = stackalloc byte[LineId.Length];
            _ids.Write(_rows.Line, bytes.AsSpan(0, Encoding.UTF8.GetBytes(_rows.Record, bytes)), id);
            ArrayPool<byte>.Shared.Return(bytes);
            _writer.WriteString(field, id);
        }
    }
}
