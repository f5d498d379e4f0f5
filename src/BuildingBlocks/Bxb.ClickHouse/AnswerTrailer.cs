using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Makes the answer of a query prove that it is complete: it begins with the number of rows and ends with a text that is unique to the request.</summary>
/// <remarks>
/// The query becomes a subquery. The outer query returns one row: all rows as <c>Array(Tuple(...))</c>, and the trailer. In RowBinary that is the number of rows, the unchanged rows and the
/// trailer. An answer that a proxy has cut, that ends with the text of an error, or that belongs to another request does not end with the trailer.
/// </remarks>
internal sealed class AnswerTrailer
{
    private readonly string _text = Guid.NewGuid().ToString("N");

    /// <summary>The trailer in RowBinary: its length, then its characters.</summary>
    private readonly byte[] _bytes;

    internal AnswerTrailer() => _bytes = [(byte)_text.Length, .. Encoding.ASCII.GetBytes(_text)];

    /// <summary>The size of the trailer, in bytes.</summary>
    internal int Length => _bytes.Length;

    /// <summary>Returns the statement whose answer ends with the trailer.</summary>
    /// <param name="sql">One query, without a FORMAT clause.</param>
    internal string Wrap(string sql) => $"SELECT groupArray(tuple(*)) AS rows, '{_text}' AS trailer FROM (\n{sql}\n)\nFORMAT RowBinaryWithNamesAndTypes";

    internal bool Ends(ReadOnlySpan<byte> bytes) => bytes.EndsWith(_bytes);
}
