using System.Globalization;
using System.Net;
using System.Text.Json;

namespace Bxb.Host.Cli.Import;

/// <summary>The host's answer to a batch, as far as an import needs it.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">The sentence of a problem document; empty if there is none.</param>
/// <param name="Faults">Index of the event in the request (-1 if a fault names none) and the fault's reason, for those that the answer lists.</param>
/// <param name="Ingested">Events recorded.</param>
/// <param name="Duplicates">Events known with the same content.</param>
/// <param name="Conflicts">Events known with other content.</param>
/// <param name="Rejected">Events that are not valid.</param>
/// <param name="Position">The highest position that the request reached.</param>
internal sealed record BatchAnswer(
    HttpStatusCode Status, string Detail, IReadOnlyList<(int Index, string Reason)> Faults, long Ingested, long Duplicates, long Conflicts, long Rejected, long Position)
{
    /// <summary>Whether the host took the batch, or what was good of it.</summary>
    public bool IsTaken => Status is HttpStatusCode.Created or HttpStatusCode.OK;

    /// <summary>Whether nothing of the batch was stored because of what stands in it: half of it may be welcome.</summary>
    public bool IsRefused => Status is HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge or HttpStatusCode.UnprocessableEntity;

    /// <summary>Whether the same request may be taken later.</summary>
    public bool IsTransient => Status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || (int)Status >= 500;

    /// <summary>Reads an answer; one that is not JSON leaves all but the status empty.</summary>
    public static async Task<BatchAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            return root.ValueKind != JsonValueKind.Object
                ? Empty(response.StatusCode)
                : new BatchAnswer(
                    response.StatusCode, root.TryGetProperty("detail", out var detail) ? detail.GetString() ?? "" : "", FaultsOf(root),
                    Number(root, "ingested"), Number(root, "duplicates"), Number(root, "conflicts"), Number(root, "rejected"), Number(root, "position"));
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException or FormatException)
        {
            return Empty(response.StatusCode);
        }
    }

    private static BatchAnswer Empty(HttpStatusCode status) => new(status, "", [], 0, 0, 0, 0, 0);

    private static long Number(JsonElement root, string name) => root.TryGetProperty(name, out var value) ? value.GetInt64() : 0;

    private static List<(int, string)> FaultsOf(JsonElement root)
    {
        var faults = new List<(int, string)>();
        if (root.TryGetProperty("errors", out var errors))
        {
            foreach (var error in errors.EnumerateArray())
            {
                var (index, place) = Place(error.GetProperty("pointer").GetString() ?? "");
                var reason = error.GetProperty("reason").GetString() ?? "";
                faults.Add((index, place.Length == 0 ? reason : $"{place}: {reason}"));
            }
        }

        return faults;
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
}
