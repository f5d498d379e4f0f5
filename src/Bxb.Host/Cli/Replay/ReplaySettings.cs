using System.Globalization;

namespace Bxb.Host.Cli.Replay;

/// <summary>Start or end of a replay's range, from the options.</summary>
/// <param name="Position">A position of the log, or null.</param>
/// <param name="Time">A time, ISO 8601 with an offset, or null.</param>
/// <param name="Offsets">Offsets by partition such as <c>0=123,1=5</c>, or null.</param>
internal sealed record ReplayEnd(long? Position, string? Time, string? Offsets)
{
    public int Count => (Position is null ? 0 : 1) + (Time is null ? 0 : 1) + (Offsets is null ? 0 : 1);

    /// <summary>Adds the members to a request's body.</summary>
    /// <exception cref="CommandException">The offsets are malformed.</exception>
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
            body[prefix + "_offsets"] = Offsets.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Pair).ToDictionary(p => p.Partition, p => p.Offset);
        }
    }

    private static (int Partition, long Offset) Pair(string text)
        => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var at
            && int.TryParse(text.AsSpan(0, at), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            && long.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
                ? (partition, offset)
                : throw new CommandException($"'{text}' must be a partition and an offset, such as 0=123.");
}

/// <summary>The arguments of a replay.</summary>
internal sealed record ReplaySettings(Uri Url, string ApiKey, string Group, ReplayEnd From, ReplayEnd To, string Into, string Source, long? Cancel, long? Follow)
{
    /// <summary>Refuses options that do not go together.</summary>
    /// <exception cref="CommandException">The first fault.</exception>
    public ReplaySettings Checked()
    {
        if (Cancel is not null || Follow is not null)
        {
            return From.Count + To.Count == 0 && (Cancel is null || Follow is null) ? this : throw new CommandException("--cancel and --follow stand alone with the group.");
        }

        if (From.Count != 1 && !(From.Count == 0 && Into == "shadow"))
        {
            throw new CommandException("Say where the replay begins: use one of --from-position, --from-time and --from-offsets.");
        }

        return To.Count <= 1 ? this : throw new CommandException("Say at most one end: --to-position, --to-time or --to-offsets.");
    }

    /// <summary>The body of the request.</summary>
    /// <exception cref="CommandException">The offsets are malformed.</exception>
    public IReadOnlyDictionary<string, object> Body()
    {
        var body = new Dictionary<string, object>(StringComparer.Ordinal) { ["into"] = Into, ["source"] = Source };
        From.Write(body, "from");
        To.Write(body, "to");
        return body;
    }
}
