using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Bxb.Host.Cli.Import;

/// <summary>The parts of the host's answer to a batch that an import needs.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">The detail of a problem document; empty without one.</param>
/// <param name="Faults">The listed faults: index of the event in the request (-1 when a fault names none) and reason.</param>
/// <param name="Ingested">Number of recorded events.</param>
/// <param name="Duplicates">Number of events that were recorded before with the same content.</param>
/// <param name="Conflicts">Number of events that were recorded before with other content.</param>
/// <param name="Rejected">Number of invalid events.</param>
/// <param name="Position">The highest position that the request reached.</param>
internal sealed record BatchAnswer(
    HttpStatusCode Status, string Detail, IReadOnlyList<(int Index, string Reason)> Faults, long Ingested, long Duplicates, long Conflicts, long Rejected, long Position)
{
    /// <summary>Whether the host took the valid events of the batch.</summary>
    public bool IsTaken => Status is HttpStatusCode.Created or HttpStatusCode.OK;

    /// <summary>Whether the host refused the whole batch because of its content. A part of it may be accepted.</summary>
    public bool IsRefused => Status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;

    /// <summary>Whether the same request may succeed later.</summary>
    public bool IsTransient => Status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)Status >= 500;

    /// <summary>Reads an answer. Without a JSON object everything but the status is empty.</summary>
    public static async Task<BatchAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var content = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            var body = JsonSerializer.Deserialize<Body>(content, HostConnection.Lenient) ?? new Body();
            return new BatchAnswer(response.StatusCode, body.Detail ?? "", [.. (body.Errors ?? []).Select(Describe)], body.Ingested, body.Duplicates, body.Conflicts, body.Rejected, body.Position);
        }
        catch (JsonException)
        {
            return new BatchAnswer(response.StatusCode, "", [], 0, 0, 0, 0, 0);
        }
    }

    private static (int Index, string Reason) Describe(Fault fault)
    {
        var (index, place) = Place(fault.Pointer ?? "");
        return (index, place.Length == 0 ? fault.Reason ?? "" : $"{place}: {fault.Reason}");
    }

    /// <summary>Splits <c>/events/3/timestamp</c> into 3 and <c>/timestamp</c>.</summary>
    private static (int Index, string Place) Place(string pointer)
    {
        const string Events = "/events/";
        if (!pointer.StartsWith(Events, StringComparison.Ordinal))
        {
            return (-1, pointer);
        }

        var end = pointer.IndexOf('/', Events.Length) is >= 0 and var slash ? slash : pointer.Length;
        return int.TryParse(pointer.AsSpan(Events.Length, end - Events.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            ? (index, pointer[end..])
            : (-1, pointer);
    }

    private sealed record Fault(string? Pointer, string? Reason);

    private sealed record Body(
        string? Detail = null, IReadOnlyList<Fault>? Errors = null, long Ingested = 0, long Duplicates = 0, long Conflicts = 0, long Rejected = 0, long Position = 0);
}
