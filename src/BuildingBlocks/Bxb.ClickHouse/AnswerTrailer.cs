using System.Text;

namespace Bxb.ClickHouse;

/// <summary>Has the answer of a query prove that it is whole: the number of rows stands before them, and a text that only this request knows stands behind them.</summary>
/// <remarks>
/// The query is put into another one that makes a single row of its rows, <c>Array(Tuple(...))</c>, and adds the trailer as its last column. In RowBinary that is the number of rows, the rows
/// as they would have been, and the trailer. An answer that a proxy has cut, wherever, that ends with an error's text, or that is another request's, does not end with the trailer.
/// </remarks>
internal sealed class AnswerTrailer
{
    private readonly string _text = Guid.NewGuid().ToString("N");

    /// <summary>The trailer as it stands in RowBinary: its length, then its characters.</summary>
    private readonly byte[] _bytes;

    internal AnswerTrailer() => _bytes = [(byte)_text.Length, .. Encoding.ASCII.GetBytes(_text)];

    /// <summary>Bytes of the trailer.</summary>
    internal int Length => _bytes.Length;

    /// <summary>The statement whose answer ends with the trailer.</summary>
    /// <param name="sql">One query, without a FORMAT clause.</param>
    internal string Wrap(string sql) => $"SELECT groupArray(tuple(*)) AS rows, '{_text}' AS trailer FROM (\n{sql}\n)\nFORMAT RowBinaryWithNamesAndTypes";

    /// <summary>Whether the bytes end with the trailer.</summary>
    internal bool Ends(ReadOnlySpan<byte> bytes) => bytes.EndsWith(_bytes);
}
