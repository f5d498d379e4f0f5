using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Bxb.Host.Cli.Import;

/// <summary>NDJSON: each line is sent unchanged. Lines that would make the whole request malformed are refused here; the host checks everything else.</summary>
internal sealed class NdjsonSource(Stream stream, ImportSettings settings, ImportTally tally) : IEventSource
{
    private readonly LineReader _lines = new(stream, settings.MaxLineBytes);
    private readonly LineId _ids = new(settings.FileId);

    /// <inheritdoc />
    public IReadOnlyList<string> Notes => [];

    /// <inheritdoc />
    public async Task<bool> FillAsync(ImportBatch batch, CancellationToken cancellationToken)
    {
        var more = true;
        while (more && !batch.IsFull)
        {
            switch (await _lines.ReadAsync(cancellationToken))
            {
                case LineKind.End:
                    more = false;
                    break;
                case LineKind.TooLong:
                    tally.Reject(_lines.Number, string.Create(CultureInfo.InvariantCulture, $"longer than {settings.MaxLineBytes} bytes (--max-line-bytes)"));
                    break;
                default:
                    Add(batch, _lines.Current.Span);
                    break;
            }
        }

        batch.LastLine = _lines.Number;
        batch.FileBytes = _lines.Consumed;
        return more;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _ids.Dispose();
        stream.Dispose();
    }

    private void Add(ImportBatch batch, ReadOnlySpan<byte> line)
    {
        var fault = Check(line, out var afterBrace, out var isEmpty, out var hasId);
        if (fault is not null)
        {
            tally.Reject(_lines.Number, fault);
            return;
        }

        var json = batch.Begin();
        if (hasId)
        {
            json.Write(line);
        }
        else
        {
            Span<byte> id = stackalloc byte[LineId.Length];
            _ids.Write(_lines.Number, line, id);
            json.Write("{\"transaction_id\":\""u8);
            json.Write(id);
            json.Write(isEmpty ? "\""u8 : "\","u8);
            json.Write(line[afterBrace..]);
        }

        batch.End(_lines.Number);
    }

    /// <summary>Null when the line is one JSON object in UTF-8, else the fault.</summary>
    private static string? Check(ReadOnlySpan<byte> line, out int afterBrace, out bool isEmpty, out bool hasId)
    {
        (afterBrace, isEmpty, hasId) = (0, true, false);
        if (!Utf8.IsValid(line))
        {
            return "not UTF-8";
        }

        var reader = new Utf8JsonReader(line);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return "not a JSON object";
            }

            afterBrace = (int)reader.BytesConsumed;
            while (reader.Read())
            {
                isEmpty &= reader.TokenType == JsonTokenType.EndObject;
                hasId |= reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1 && reader.ValueTextEquals("transaction_id"u8);
            }

            return null;
        }
        catch (JsonException broken)
        {
            return string.Create(CultureInfo.InvariantCulture, $"not one JSON object: error at byte {broken.BytePositionInLine + 1}");
        }
    }
}
