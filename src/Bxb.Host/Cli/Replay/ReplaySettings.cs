using System.Globalization;

namespace Bxb.Host.Cli.Replay;

/// <summary>The arguments do not fit together, or the host refuses. The message goes to the terminal.</summary>
internal sealed class ReplayException : Exception
{
    public ReplayException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

/// <summary>One end of a replay as the command line gives it; at most one member is there.</summary>
/// <param name="Position">A position of the log.</param>
/// <param name="Time">A time, ISO 8601 with an offset.</param>
/// <param name="Offsets">Offsets by partition, <c>0=123,1=5</c>.</param>
internal sealed record ReplayEnd(long? Position, string? Time, string? Offsets)
{
    public int Count => (Position is null ? 0 : 1) + (Time is null ? 0 : 1) + (Offsets is null ? 0 : 1);

    /// <summary>Adds the end to a request's body.</summary>
    /// <exception cref="ReplayException">It cannot be read.</exception>
    public void Write(Dictionary<string, object> body, string prefix)
    {
        if (Position is { } position)
        {
            body[prefix + "_position"] = position;
        }

        if (Time is not null)
        {
            body[prefix + "_time"] = Time;
        }

        if (Offsets is not null)
        {
            body[prefix + "_offsets"] = Offsets.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToDictionary(Partition, Offset, StringComparer.Ordinal);
        }
    }

    private static string Partition(string pair) => pair.IndexOf('=', StringComparison.Ordinal) is > 0 and var at && int.TryParse(pair.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
        ? partition.ToString(CultureInfo.InvariantCulture)
        : throw new ReplayException($"'{pair}' must be a partition and an offset, 0=123.");

    private static long Offset(string pair) => long.TryParse(pair.AsSpan(pair.IndexOf('=', StringComparison.Ordinal) + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
        ? offset
        : throw new ReplayException($"'{pair}' must be a partition and an offset, 0=123.");
}

/// <summary>The arguments of the verb.</summary>
internal sealed record ReplaySettings(Uri Url, string ApiKey, string Group, ReplayEnd From, ReplayEnd To, string Into, string Source, long? Cancel, long? Follow)
{
    /// <summary>Refuses what does not go together.</summary>
    /// <exception cref="ReplayException">With the first thing that is wrong.</exception>
    public ReplaySettings Checked()
    {
        if (Cancel is not null || Follow is not null)
        {
            return From.Count + To.Count == 0 && (Cancel is null || Follow is null) ? this : throw new ReplayException("--cancel and --follow each stand alone with the group.");
        }

        if (From.Count != 1 && !(From.Count == 0 && Into == "shadow"))
        {
            throw new ReplayException("Say where the replay begins: one of --from-position, --from-time and --from-offsets.");
        }

        return To.Count <= 1 ? this : throw new ReplayException("Say at most one end: --to-position, --to-time or --to-offsets.");
    }

    /// <summary>The body of the request.</summary>
    /// <exception cref="ReplayException">Offsets cannot be read.</exception>
    public IReadOnlyDictionary<string, object> Body()
    {
        var body = new Dictionary<string, object>(StringComparer.Ordinal) { ["into"] = Into, ["source"] = Source };
        From.Write(body, "from");
        To.Write(body, "to");
        return body;
    }
}
