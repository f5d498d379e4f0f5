using Microsoft.AspNetCore.Http;

namespace Bxb.ClickHouse.Tests;

/// <summary>Answers in RowBinaryWithNamesAndTypes, as the fake sends them.</summary>
internal static class ResultBytes
{
    internal static byte[] Of((string Name, string Type)[] columns, Action<RowBinaryWriter> rows)
    {
        using var writer = new RowBinaryWriter();
        writer.WriteLength((uint)columns.Length);
        foreach (var (name, _) in columns)
        {
            writer.WriteString(name);
        }

        foreach (var (_, type) in columns)
        {
            writer.WriteString(type);
        }

        rows(writer);
        return writer.WrittenMemory.ToArray();
    }

    /// <summary>Numbers 0 to count-1 with a text each.</summary>
    internal static byte[] Numbers(int count, int textBytes = 20) => Of([("n", "UInt64"), ("t", "String")], w =>
    {
        for (var i = 0; i < count; i++)
        {
            w.WriteUInt64((ulong)i);
            w.WriteString(new string('x', textBytes));
        }
    });

    /// <summary>Sends bytes in pieces of random size.</summary>
    internal static async Task SendAsync(HttpContext context, byte[] bytes, int seed)
    {
        var random = new Random(seed);
        for (var at = 0; at < bytes.Length;)
        {
            var count = Math.Min(bytes.Length - at, random.Next(1, 40_000));
            await context.Response.Body.WriteAsync(bytes.AsMemory(at, count));
            await context.Response.Body.FlushAsync();
            at += count;
        }
    }

    internal static async Task<List<ulong>> ReadNumbersAsync(ClickHouseResult result)
    {
        var numbers = new List<ulong>();
        while (await result.ReadAsync())
        {
            result.GetBytes(1).IndexOfAnyExcept((byte)'x').ShouldBe(-1);
            numbers.Add(result.GetUInt64(0));
        }

        return numbers;
    }
}
