using System.Text;

namespace Bxb.LoadTest.Traffic;

/// <summary>The text of one event with places for digits: every event has the same length, so a request is made by overwriting digits where they stand.</summary>
/// <remarks>Immutable and thread-safe. What an event holds follows from its number alone.</remarks>
internal sealed class EventTemplate
{
    /// <summary>The values of the property <c>region</c>; as long as each other.</summary>
    public static readonly IReadOnlyList<string> Regions = ["eu-west", "us-east", "ap-east", "sa-east"];

    /// <summary>Bytes of a timestamp such as 2026-01-01T00:00:00.000Z.</summary>
    public const int TimestampLength = 24;

    private const int IdDigits = 14;
    private const int CustomerDigits = 7;
    private const int BytesDigits = 6;
    private static readonly byte[][] RegionTexts = [.. Regions.Select(Encoding.ASCII.GetBytes)];

    private readonly byte[] _text;
    private readonly int _id;
    private readonly int _customer;
    private readonly int _timestamp;
    private readonly int _bytes;
    private readonly int _region;
    private readonly ulong _customers;

    /// <summary>A template for one run.</summary>
    /// <param name="run">Stands in every transaction id, so that runs do not meet.</param>
    /// <param name="code">The code of every event.</param>
    /// <param name="customers">How many customers the events are spread over.</param>
    public EventTemplate(string run, string code, int customers)
    {
        _customers = (ulong)customers;
        var text = new StringBuilder();
        text.Append("{\"transaction_id\":\"").Append(run).Append('-');
        _id = Place(IdDigits);
        text.Append("\",\"external_customer_id\":\"customer-");
        _customer = Place(CustomerDigits);
        text.Append("\",\"code\":\"").Append(code).Append("\",\"timestamp\":\"");
        _timestamp = Place(TimestampLength);
        text.Append("\",\"properties\":{\"bytes\":");
        _bytes = Place(BytesDigits);
        text.Append(",\"region\":\"");
        _region = Place(RegionTexts[0].Length);
        text.Append("\",\"status\":200,\"model\":\"sable-1-mini\",\"latency_ms\":12.5}}");
        _text = Encoding.ASCII.GetBytes(text.ToString());

        int Place(int length)
        {
            text.Append('0', length);
            return text.Length - length;
        }
    }

    /// <summary>Bytes of every event.</summary>
    public int Length => _text.Length;

    /// <summary>Writes the fixed parts into a slot of <see cref="Length"/> bytes, once.</summary>
    public void Lay(Span<byte> slot) => _text.CopyTo(slot);

    /// <summary>Writes what differs into a slot that was laid out before.</summary>
    /// <param name="slot">Of <see cref="Length"/> bytes.</param>
    /// <param name="number">The event's own number, below 10^14.</param>
    /// <param name="timestamp">Of <see cref="TimestampLength"/> bytes.</param>
    /// <returns>The properties that sums and groups are checked by: the index of the region, and the bytes.</returns>
    public (int Region, long Bytes) Fill(Span<byte> slot, long number, ReadOnlySpan<byte> timestamp)
    {
        var hash = Mix((ulong)number);
        var bytes = 100_000 + (long)((hash >> 8) % 900_000);
        var region = (int)(hash >> 62);
        Digits(slot.Slice(_id, IdDigits), number);
        Digits(slot.Slice(_customer, CustomerDigits), (long)((hash >> 24) % _customers));
        Digits(slot.Slice(_bytes, BytesDigits), bytes);
        timestamp.CopyTo(slot[_timestamp..]);
        RegionTexts[region].CopyTo(slot[_region..]);
        return (region, bytes);
    }

    private static void Digits(Span<byte> place, long value)
    {
        for (var i = place.Length - 1; i >= 0; i--)
        {
            (value, var digit) = Math.DivRem(value, 10);
            place[i] = (byte)('0' + digit);
        }
    }

    /// <summary>SplitMix64: neighbouring numbers give unrelated bits.</summary>
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
