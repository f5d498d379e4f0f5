using System.Text;

namespace Bxb.ClickHouse;

/// <summary>The rows of a query, one at a time, read forward only.</summary>
/// <remarks>
/// Not thread-safe. Holds a connection and a pooled buffer until <see cref="DisposeAsync"/>, which may come before the last row: the server is then left to notice.
/// The values of a row, spans among them, are valid until the next <see cref="ReadAsync"/>. The last row is handed out only when the answer has proved that it is whole (<see cref="AnswerTrailer"/>);
/// rows before it are not proven until then: what is gathered from them counts once <see cref="ReadAsync"/> has returned false, or after the last of <see cref="Count"/>. The last 17 KiB of
/// an answer are kept back until its end was seen, so that the error in them is found.
/// </remarks>
public sealed class ClickHouseResult : IAsyncDisposable
{
    /// <summary>No row, and no value, may be longer: 64 MiB.</summary>
    internal const int MaxRowBytes = 64 * 1024 * 1024;

    private readonly AnswerStream _stream;
    private ColumnType[] _types = [];
    private (int Start, int Length)[] _values = [];
    private int _rowBytes;
    private int _given;

    private ClickHouseResult(AnswerStream stream) => _stream = stream;

    /// <summary>The types of the columns, in the statement's order, as ClickHouse writes them, such as <c>Nullable(String)</c>.</summary>
    public IReadOnlyList<string> Types { get; private set; } = [];

    /// <summary>How many rows there are.</summary>
    public int Count { get; private set; }

    internal static async Task<ClickHouseResult> OpenAsync(HttpResponseMessage response, AnswerTrailer trailer, StatementClock clock)
    {
        var result = new ClickHouseResult(new AnswerStream(response, await response.Content.ReadAsStreamAsync(clock.Token), trailer, clock));
        try
        {
            while (!result.TryReadHeader())
            {
                await (result._stream.HasEnded ? throw ClickHouseErrors.Malformed("it ends within its header") : result._stream.FillAsync());
            }

            return result;
        }
        catch
        {
            await result.DisposeAsync();
            throw;
        }
    }

    /// <summary>Goes to the next row.</summary>
    /// <returns>False behind the last one.</returns>
    /// <exception cref="ClickHouseException">The server broke off with an error, the connection broke, the time was up, or the answer makes no sense or does not prove that it is whole.</exception>
    public async ValueTask<bool> ReadAsync()
    {
        while (!TryReadRow())
        {
            if (_stream.HasEnded)
            {
                return _given == Count && _stream.Data.IsEmpty
                    ? false
                    : throw ClickHouseErrors.Unproven($"{_given} of {Count} rows, and {_stream.Data.Length} bytes behind them");
            }

            await _stream.FillAsync();
        }

        return true;
    }

    /// <summary>Goes to the only row of a result that has one at most; it is proven.</summary>
    /// <returns>False when there is none.</returns>
    /// <exception cref="ClickHouseException">As <see cref="ReadAsync"/>, or there are more rows.</exception>
    public ValueTask<bool> ReadOneAsync() => Count <= 1 ? ReadAsync() : throw ClickHouseErrors.Unproven($"{Count} rows where one belongs");

    /// <summary>Whether the value is NULL.</summary>
    public bool IsNull(int column) => _values[column].Length < 0;

    /// <summary>The bytes of a value: a text's UTF-8, a number's little-endian form; empty for NULL.</summary>
    public ReadOnlySpan<byte> GetBytes(int column) => _stream.Bytes(_values[column].Start, Math.Max(0, _values[column].Length));

    /// <summary>The text of a String.</summary>
    public string GetString(int column) => Encoding.UTF8.GetString(Value(column, ColumnKind.Text));

    /// <summary>A signed or unsigned whole number, an Enum, or a Bool (0 or 1).</summary>
    /// <exception cref="OverflowException">An unsigned number of 2^63 and more.</exception>
    public long GetInt64(int column) => _types[column].Kind == ColumnKind.Signed
        ? ColumnType.Signed(Value(column, ColumnKind.Signed))
        : checked((long)ColumnType.Unsigned(Value(column, ColumnKind.Unsigned)));

    /// <summary>An unsigned whole number.</summary>
    public ulong GetUInt64(int column) => ColumnType.Unsigned(Value(column, ColumnKind.Unsigned));

    /// <summary>A DateTime or DateTime64, UTC; finer than 100 ns is cut off.</summary>
    public DateTimeOffset GetTime(int column)
    {
        var value = Value(column, ColumnKind.Time);
        if (value.Length == 4)
        {
            return DateTimeOffset.FromUnixTimeSeconds((long)ColumnType.Unsigned(value));
        }

        var ticks = (Int128)ColumnType.Signed(value);
        for (var scale = _types[column].Scale; scale != 7; scale += scale < 7 ? 1 : -1)
        {
            ticks = scale < 7 ? ticks * 10 : ticks / 10;
        }

        return DateTimeOffset.UnixEpoch.AddTicks((long)ticks);
    }

    /// <summary>The texts of an Array(String).</summary>
    public IReadOnlyList<string> GetStrings(int column)
    {
        var texts = new List<string>();
        var values = Value(column, ColumnKind.Array);
        for (var at = 0; at < values.Length;)
        {
            _types[column].Element!.TrySkip(values, ref at, out var start, out var length);
            texts.Add(Encoding.UTF8.GetString(values.Slice(start, length)));
        }

        return texts;
    }

    /// <summary>Gives the connection and the buffer back. A second call does nothing.</summary>
    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    private ReadOnlySpan<byte> Value(int column, ColumnKind kind) =>
        _types[column].Kind != kind ? throw new InvalidCastException($"Column {column} is {Types[column]}.")
        : IsNull(column) ? throw new InvalidCastException($"Column {column} is NULL here.")
        : GetBytes(column);

    /// <summary>Reads names and types of the two columns, rows and trailer, and the number of rows.</summary>
    private bool TryReadHeader()
    {
        var data = _stream.Data;
        var text = new ColumnType(ColumnKind.Text, 0);
        var at = 0;
        if (!ColumnType.TryReadLength(data, ref at, out var columns))
        {
            return false;
        }

        var type = "";
        for (var i = 0; i < 4; i++)
        {
            if (!text.TrySkip(data, ref at, out var start, out var length))
            {
                return false;
            }

            type = i == 2 ? Encoding.UTF8.GetString(data.Slice(start, length)) : type;
        }

        if (!ColumnType.TryReadLength(data, ref at, out var count))
        {
            return false;
        }

        Types = columns == 2 ? ColumnType.Elements(type) : throw ClickHouseErrors.Malformed($"{columns} columns");
        _types = [.. Types.Select(ColumnType.Parse)];
        _values = new (int, int)[_types.Length];
        (Count, _rowBytes) = (count, at);
        return true;
    }

    private bool TryReadRow()
    {
        // What was read last: the header, or a row.
        _stream.Advance(_rowBytes);
        _rowBytes = 0;
        var data = _stream.Data;
        var at = 0;
        if (data.IsEmpty || _given == Count)
        {
            return false;
        }

        for (var i = 0; i < _types.Length; i++)
        {
            if (!_types[i].TrySkip(data, ref at, out var start, out var length))
            {
                return false;
            }

            _values[i] = (start, length);
        }

        // The last row only with the proof: behind it there is the trailer, and nothing else.
        if (_given + 1 == Count && !(_stream.HasEnded && at == data.Length))
        {
            return false;
        }

        _rowBytes = at;
        _given++;
        return true;
    }
}
