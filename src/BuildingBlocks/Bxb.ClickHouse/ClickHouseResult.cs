using System.Buffers;
using System.Text;

namespace Bxb.ClickHouse;

/// <summary>A column of a result.</summary>
/// <param name="Name">As the statement named it.</param>
/// <param name="Type">As ClickHouse writes it, such as <c>Nullable(String)</c>.</param>
public sealed record ClickHouseColumn(string Name, string Type);

/// <summary>The rows of a query as they arrive, one at a time, read forward only.</summary>
/// <remarks>
/// Not thread-safe. Holds a connection and a pooled buffer until <see cref="DisposeAsync"/>, which may come before the last row: the server is then left to notice.
/// The values of a row, spans among them, are valid until the next <see cref="ReadAsync"/>. The last 17 KiB of an answer are kept back until its end was seen,
/// so that no row is ever read out of an error text.
/// </remarks>
public sealed class ClickHouseResult : IAsyncDisposable
{
    /// <summary>No row, and no value, may be longer: 64 MiB.</summary>
    internal const int MaxRowBytes = 64 * 1024 * 1024;

    private readonly HttpResponseMessage _response;
    private readonly Stream _stream;
    private readonly StatementClock _clock;
    private readonly string? _tag;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _start;
    private int _end;
    private int _next;
    private bool _ended;
    private ColumnType[] _types = [];
    private (int Start, int Length)[] _values = [];

    private ClickHouseResult(HttpResponseMessage response, Stream stream, StatementClock clock)
    {
        _response = response;
        _stream = stream;
        _clock = clock;
        _tag = response.Headers.TryGetValues(LateException.TagHeader, out var tags) ? tags.First() : null;
    }

    /// <summary>The columns, in the statement's order; empty when the statement has no result.</summary>
    public IReadOnlyList<ClickHouseColumn> Columns { get; private set; } = [];

    internal static async Task<ClickHouseResult> OpenAsync(HttpResponseMessage response, StatementClock clock)
    {
        var result = new ClickHouseResult(response, await response.Content.ReadAsStreamAsync(clock.Token), clock);
        try
        {
            while (!result.TryReadHeader())
            {
                await result.FillAsync();
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
    /// <exception cref="ClickHouseException">The server broke off with an error, the connection broke, the time was up, or the answer makes no sense.</exception>
    public async ValueTask<bool> ReadAsync()
    {
        while (!TryReadRow())
        {
            if (_ended)
            {
                return _start == _end ? false : throw ClickHouseErrors.Malformed($"{_end - _start} bytes are left over behind the last row");
            }

            await FillAsync();
        }

        return true;
    }

    /// <summary>Whether the value is NULL.</summary>
    public bool IsNull(int column) => _values[column].Length < 0;

    /// <summary>The bytes of a value: a text's UTF-8, a number's little-endian form; empty for NULL.</summary>
    public ReadOnlySpan<byte> GetBytes(int column) => _buffer.AsSpan(_start + _values[column].Start, Math.Max(0, _values[column].Length));

    /// <summary>The text of a String.</summary>
    public string GetString(int column) => Encoding.UTF8.GetString(Value(column, ColumnKind.Text));

    /// <summary>A signed or unsigned whole number, an Enum, or a Bool (0 or 1).</summary>
    /// <exception cref="OverflowException">An unsigned number of 2^63 and more.</exception>
    public long GetInt64(int column) => _types[column].Kind == ColumnKind.Signed
        ? ColumnType.Signed(Value(column, ColumnKind.Signed))
        : checked((long)ColumnType.Unsigned(Value(column, ColumnKind.Unsigned)));

    /// <summary>An unsigned whole number.</summary>
    public ulong GetUInt64(int column) => ColumnType.Unsigned(Value(column, ColumnKind.Unsigned));

    /// <summary>A Bool, or a UInt8 that is not 0.</summary>
    public bool GetBoolean(int column) => GetUInt64(column) != 0;

    /// <summary>A Float32 or Float64.</summary>
    public double GetDouble(int column)
    {
        var value = Value(column, ColumnKind.Float);
        return value.Length == 4 ? BitConverter.ToSingle(value) : BitConverter.ToDouble(value);
    }

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
    public async ValueTask DisposeAsync()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            await _stream.DisposeAsync();
            _response.Dispose();
            _clock.Dispose();
        }
    }

    private ReadOnlySpan<byte> Value(int column, ColumnKind kind) =>
        _types[column].Kind != kind ? throw new InvalidCastException($"Column {Columns[column].Name} is {Columns[column].Type}.")
        : IsNull(column) ? throw new InvalidCastException($"Column {Columns[column].Name} is NULL here.")
        : GetBytes(column);

    /// <summary>The bytes that may be looked at: those kept back are none until the end was seen.</summary>
    private ReadOnlySpan<byte> Readable(int from) => _buffer.AsSpan(from, Math.Max(0, (_ended ? _end : _end - LateException.HoldBackBytes) - from));

    private bool TryReadHeader()
    {
        if (!_ended && _end - _start <= LateException.HoldBackBytes)
        {
            return false;
        }

        var data = Readable(0);
        if (data.IsEmpty && _ended)
        {
            return true;
        }

        var at = 0;
        if (!ColumnType.TryReadLength(data, ref at, out var count))
        {
            return Incomplete();
        }

        var texts = new string[count * 2];
        var text = new ColumnType(ColumnKind.Text, 0);
        for (var i = 0; i < texts.Length; i++)
        {
            if (!text.TrySkip(data, ref at, out var start, out var length))
            {
                return Incomplete();
            }

            texts[i] = Encoding.UTF8.GetString(data.Slice(start, length));
        }

        Columns = [.. Enumerable.Range(0, count).Select(i => new ClickHouseColumn(texts[i], texts[count + i]))];
        _types = [.. Columns.Select(c => ColumnType.Parse(c.Type))];
        _values = new (int, int)[count];
        _next = at;
        return true;

        bool Incomplete() => _ended ? throw ClickHouseErrors.Malformed("it ends within its header") : false;
    }

    private bool TryReadRow()
    {
        _start = _next;
        if (_types.Length == 0)
        {
            return false;
        }

        var data = Readable(_start);
        var at = 0;
        if (data.IsEmpty)
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

        _next = _start + at;
        return true;
    }

    private async ValueTask FillAsync()
    {
        MakeRoom();
        try
        {
            var read = await _stream.ReadAsync(_buffer.AsMemory(_end), _clock.Token);
            _end += read;
            _ended = read == 0;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // A server that broke off says why before it closes the connection.
            throw LateException.Find(_buffer.AsSpan(_start, _end - _start), _tag) ?? _clock.Translate(e);
        }

        if (_ended && LateException.Find(_buffer.AsSpan(_start, _end - _start), _tag) is { } late)
        {
            throw late;
        }
    }

    private void MakeRoom()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_end, _next, _start) = (_end - _start, 0, 0);
        }

        if (_buffer.Length - _end >= 16 * 1024)
        {
            return;
        }

        if (_buffer.Length >= MaxRowBytes + (1024 * 1024))
        {
            throw ClickHouseErrors.Malformed("a row is longer than 64 MiB");
        }

        var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
