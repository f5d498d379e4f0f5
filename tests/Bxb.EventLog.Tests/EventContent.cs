using System.Text;
using System.Text.Json;
using Bxb.EventLog.Appending;

namespace Bxb.EventLog.Tests;

/// <summary>Short cuts to the canonical form of a JSON text.</summary>
internal static class EventContent
{
    public static (string Text, PropertyFaults Faults) Canonical(string json, PropertyLimits? limits = null) => Canonical(Encoding.UTF8.GetBytes(json), limits);

    public static (string Text, PropertyFaults Faults) Canonical(byte[] json, PropertyLimits? limits = null)
    {
        using var block = AppendBlock.Rent(1);
        var faults = new PropertyFaults(1_000);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 1_000 });
        reader.Read();
        var range = CanonicalProperties.Write(ref reader, block, limits ?? new PropertyLimits(), faults);
        reader.TokenType.ShouldBe(JsonTokenType.EndObject);
        reader.CurrentDepth.ShouldBe(0);
        block.WrittenBytes.ShouldBe(range.Length);
        return (Encoding.UTF8.GetString(block.Text(range)), faults);
    }

    public static string Number(string number)
    {
        var (text, faults) = Canonical($$"""{"n":{{number}}}""");
        return faults.Count > 0 ? faults.Items[0].Reason : text[5..^1];
    }

    public static long Digest(int organization, string transactionId, string properties, string customer = "c-1", string code = "api_calls", string source = "", long? timestamp = 1)
    {
        using var block = AppendBlock.Rent(organization);
        LogFixture.Add(block, transactionId, properties, customer, code, source, timestamp);
        return block.Events[0].Digest;
    }
}
