using System.Text.Json;
using Bxb.EventLog.Records;

namespace Bxb.EventLog.Appending;

/// <summary>Writes properties in canonical form: properties with the same meaning have the same text.</summary>
/// <remarks>
/// Members are in the byte order of their names, numbers are as PostgreSQL's jsonb prints them, strings have only the escapes that JSON requires, and there is no white space. jsonb accepts
/// every canonical text, and the canonical form of its output is the same text.
/// </remarks>
public static class CanonicalProperties
{
    [ThreadStatic]
    private static CanonicalWriter? _writer;

    /// <summary>Reads an object and appends its canonical text to the block.</summary>
    /// <param name="reader">On the object's start; on its end afterwards, with faults too. It reads one span that holds the whole object, and its MaxDepth is above
    /// the limit's, so that depth is a fault and no exception.</param>
    /// <param name="block">Receives the text, unless there are faults.</param>
    /// <param name="limits">The limits of the object.</param>
    /// <param name="faults">Receives every fault of the object.</param>
    /// <returns>The place of the text; empty if there are faults.</returns>
    /// <exception cref="JsonException">The input is not JSON. The block is unchanged.</exception>
    public static TextRange Write(ref Utf8JsonReader reader, AppendBlock block, PropertyLimits limits, PropertyFaults faults)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(faults);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new ArgumentException("The reader is not on an object.", nameof(reader));
        }

        var writer = _writer ??= new CanonicalWriter();
        var found = faults.Count;
        try
        {
            var text = writer.Write(ref reader, limits, faults);
            return faults.Count == found ? block.Append(text) : default;
        }
        finally
        {
            writer.Trim();
        }
    }
}
