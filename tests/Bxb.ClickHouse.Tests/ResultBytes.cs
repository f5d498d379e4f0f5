using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;

namespace Bxb.ClickHouse.Tests;

/// <summary>Answers in RowBinaryWithNamesAndTypes, as the fake sends them.</summary>
internal static class ResultBytes
{
    /// <summary>The header, the number of rows and the rows; what is missing is the trailer.</summary>
    internal static byte[] Of((string Name, string Type)[] columns, Action<RowBinaryWriter> rows, int count = 1)
    {
        using var writer = new RowBinaryWriter();
        writer.WriteLength(2);
        writer.WriteString("rows");
        writer.WriteString("trailer");
        writer.WriteString($"Array(Tuple({string.Join(", ", columns.Select(c => $"{c.Name} {c.Type}".TrimStart()))}))");
        writer.WriteString("String");
        writer.WriteLength((uint)count);
        rows(writer);
        return writer.WrittenMemory.ToArray();
    }

    /// <summary>The bytes, and behind them the trailer that the request's statement asks for.</summary>
    internal static async Task<byte[]> WholeAsync(HttpContext context, byte[] bytes)
    {
        using var reader = new StreamReader(context.Request.Body);
        var trailer = Regex.Match(await reader.ReadToEndAsync(), "'([0-9a-f]{32})' AS trailer").Groups[1].Value;
        return [.. bytes, (byte)trailer.Length, .. Encoding.ASCII.GetBytes(trailer)];
    }

    /// <summary>Numbers 0 to count-1 with a text each.</summary>
    internal static byte[] Numbers(int count, int textBytes = 20) => Of([("n", "UInt64"), ("t", "String")], w =>
    {
        for (var i = 0; i < count; i++)
        {
            w.WriteUInt64((ulong)i);
            w.WriteString(new string('x', textBytes));
        }
    }, count);

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
