using System.Buffers.Binary;
using System.Globalization;

namespace Bxb.ClickHouse;

/// <summary>The encoding of the values of a column in RowBinary.</summary>
internal enum ColumnKind : byte
{
    Text,
    Unsigned,
    Signed,
    Bytes,
    Time,
    Array,
}

/// <summary>A column's type as far as reading needs it.</summary>
/// <param name="Kind">What the value is.</param>
/// <param name="Size">Bytes of a fixed value; 0 for text and arrays.</param>
/// <param name="Scale">Decimal digits of the second, for times.</param>
/// <param name="IsNullable">Whether a byte before the value says if there is one.</param>
/// <param name="Element">The type of an array's values.</param>
internal sealed record ColumnType(ColumnKind Kind, int Size, int Scale = 0, bool IsNullable = false, ColumnType? Element = null)
{
    /// <summary>Reads the server's name for a type.</summary>
    /// <exception cref="ClickHouseException">It is none that this client reads.</exception>
    internal static ColumnType Parse(string type)
    {
        var open = type.IndexOf('(', StringComparison.Ordinal);
        var (name, inner) = open < 0 ? (type, "") : (type[..open], type[(open + 1)..^1]);
        return name switch
        {
            "String" => new(ColumnKind.Text, 0),
            "UInt8" or "Bool" => new(ColumnKind.Unsigned, 1),
            "UInt16" or "Date" => new(ColumnKind.Unsigned, 2),
            "UInt32" => new(ColumnKind.Unsigned, 4),
            "UInt64" => new(ColumnKind.Unsigned, 8),
            "Int8" or "Enum8" => new(ColumnKind.Signed, 1),
            "Int16" or "Enum16" => new(ColumnKind.Signed, 2),
            "Int32" or "Date32" => new(ColumnKind.Signed, 4),
            "Int64" => new(ColumnKind.Signed, 8),
            "Float32" => new(ColumnKind.Bytes, 4),
            "Float64" => new(ColumnKind.Bytes, 8),
            "DateTime" => new(ColumnKind.Time, 4),
            "DateTime64" => new(ColumnKind.Time, 8, FirstNumber(inner)),
            "UUID" or "Int128" or "UInt128" => new(ColumnKind.Bytes, 16),
            "Int256" or "UInt256" => new(ColumnKind.Bytes, 32),
            "FixedString" => new(ColumnKind.Bytes, FirstNumber(inner)),
            "Decimal" => new(ColumnKind.Bytes, FirstNumber(inner) switch { <= 9 => 4, <= 18 => 8, <= 38 => 16, _ => 32 }),
            "LowCardinality" => Parse(inner),
            "Nullable" => Parse(inner) with { IsNullable = true },
            "Array" => new(ColumnKind.Array, 0, Element: Parse(inner)),
            _ => throw ClickHouseErrors.Malformed($"type {type}; ask for it as text"),
        };
    }

    /// <summary>The types in <c>Array(Tuple(a T, b T, ...))</c>; names may be missing.</summary>
    /// <exception cref="ClickHouseException">It is another type.</exception>
    internal static IReadOnlyList<string> Elements(string type)
    {
        const string Opening = "Array(Tuple(";
        if (!type.StartsWith(Opening, StringComparison.Ordinal) || !type.EndsWith("))", StringComparison.Ordinal))
        {
            throw ClickHouseErrors.Malformed($"type {type} in the place of rows");
        }

        var elements = new List<string>();
        var (depth, from) = (0, Opening.Length);
        for (var i = from; i < type.Length - 1; i++)
        {
            switch (type[i])
            {
                case '\'' or '`':
                    i = Quoted(type, i);
                    break;
                case '(':
                    depth++;
                    break;
                case ')' when depth > 0:
                    depth--;
                    break;
                case ' ' when depth == 0:
                    // What stood before it is the name, or nothing, behind a comma.
                    from = i + 1;
                    break;
                case ',' or ')' when depth == 0:
                    elements.Add(type[from..i]);
                    from = i + 1;
                    break;
            }
        }

        return elements;
    }

    /// <summary>Goes over one value.</summary>
    /// <param name="data">The bytes that are there.</param>
    /// <param name="at">In: where it begins. Out: where the next one does.</param>
    /// <param name="start">Where its content begins.</param>
    /// <param name="length">Bytes of content; -1 for NULL; for an array, bytes of all values.</param>
    /// <returns>False when its end is not among the bytes; <paramref name="at"/> is meaningless then.</returns>
    internal bool TrySkip(ReadOnlySpan<byte> data, ref int at, out int start, out int length)
    {
        (start, length) = (at, -1);
        if (IsNullable)
        {
            if (at >= data.Length)
            {
                return false;
            }

            if (data[at++] != 0)
            {
                return true;
            }
        }

        switch (Kind)
        {
            case ColumnKind.Text:
                if (!TryReadLength(data, ref at, out var bytes))
                {
                    return false;
                }

                (start, length) = (at, bytes);
                break;
            case ColumnKind.Array:
                if (!TryReadLength(data, ref at, out var count))
                {
                    return false;
                }

                start = at;
                for (var i = 0; i < count; i++)
                {
                    if (!Element!.TrySkip(data, ref at, out _, out _))
                    {
                        return false;
                    }
                }

                length = at - start;
                return true;
            default:
                (start, length) = (at, Size);
                break;
        }

        at += length;
        return at >= 0 && at <= data.Length;
    }

    internal static bool TryReadLength(ReadOnlySpan<byte> data, ref int at, out int length)
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (at >= data.Length)
            {
                length = 0;
                return false;
            }

            var b = data[at++];
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                length = value <= ClickHouseResult.MaxRowBytes ? (int)value : throw ClickHouseErrors.Malformed($"a length of {value}");
                return true;
            }
        }

        throw ClickHouseErrors.Malformed("a length without an end");
    }

    internal static ulong Unsigned(ReadOnlySpan<byte> value) => value.Length switch
    {
        1 => value[0],
        2 => BinaryPrimitives.ReadUInt16LittleEndian(value),
        4 => BinaryPrimitives.ReadUInt32LittleEndian(value),
        _ => BinaryPrimitives.ReadUInt64LittleEndian(value),
    };

    internal static long Signed(ReadOnlySpan<byte> value) => value.Length switch
    {
        1 => (sbyte)value[0],
        2 => BinaryPrimitives.ReadInt16LittleEndian(value),
        4 => BinaryPrimitives.ReadInt32LittleEndian(value),
        _ => BinaryPrimitives.ReadInt64LittleEndian(value),
    };

    private static int Quoted(string type, int from)
    {
        for (var i = from + 1; i < type.Length; i++)
        {
            if (type[i] == '\\')
            {
                i++;
            }
            else if (type[i] == type[from])
            {
                return i;
            }
        }

        throw ClickHouseErrors.Malformed($"type {type}");
    }

    private static int FirstNumber(string arguments)
    {
        var comma = arguments.IndexOf(',', StringComparison.Ordinal);
        return int.Parse(comma < 0 ? arguments : arguments[..comma], CultureInfo.InvariantCulture);
    }
}
