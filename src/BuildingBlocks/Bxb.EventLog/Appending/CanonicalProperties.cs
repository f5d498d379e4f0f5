using System.Text.Json;
using Bxb.EventLog.Records;

namespace Bxb.EventLog.Appending;

/// <summary>Reads an event's properties and writes them the one way that everything which means the same is written.</summary>
/// <remarks>
/// Members in the byte order of their names, numbers as PostgreSQL's jsonb prints them, strings escaped only where JSON demands it, no white space. Whatever is
/// written, jsonb accepts, and the canonical form of what jsonb prints is the same text again.
/// </remarks>
public static class CanonicalProperties
{
    [ThreadStatic]
    private static CanonicalWriter? _writer;

    /// <summary>Reads the object that the reader stands on and writes its canonical text into the block.</summary>
    /// <param name="reader">On the object's start; on its end afterwards, with faults too. Everything up to there must be in its buffer, and its MaxDepth above
    /// the limit's, so that depth is a fault and no exception.</param>
    /// <param name="block">Takes the text, unless there are faults.</param>
    /// <param name="limits">What is allowed.</param>
    /// <param name="faults">Takes every fault of the object.</param>
    /// <returns>Where the text stands; empty when there are faults.</returns>
    /// <exception cref="JsonException">The input is not JSON. The block is as it was.</exception>
    public static TextRange Write(ref Utf8JsonReader reader, AppendBlock block, PropertyLimits limits, PropertyFaults faults)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentNullException.ThrowIfNull(limits);
        ArgumentNullException.ThrowIfNull(faults);
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new ArgumentException("The reader does not stand on an object.", nameof(reader));
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
