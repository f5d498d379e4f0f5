using System.Text;

namespace Bxb.ClickHouse.Tests;

public class RowBinaryWriterTests
{
    [Fact]
    public void Fixed_values_are_little_endian()
    {
        using var writer = new RowBinaryWriter();
        writer.WriteUInt8(0xFE);
        writer.WriteUInt32(0x01020304);
        writer.WriteUInt64(0x0102030405060708);
        writer.WriteInt64(1_767_225_600_125); // DateTime64(3): 2026-01-01T00:00:00.125Z

        Hex(writer).ShouldBe("FE" + "04030201" + "0807060504030201" + "7DA8DA769B010000");
    }

    [Theory]
    [InlineData(0u, "00")]
    [InlineData(1u, "01")]
    [InlineData(127u, "7F")]
    [InlineData(128u, "8001")]
    [InlineData(300u, "AC02")]
    [InlineData(16383u, "FF7F")]
    [InlineData(16384u, "808001")]
    [InlineData(uint.MaxValue, "FFFFFFFF0F")]
    public void Lengths_are_base_128(uint value, string expected)
    {
        using var writer = new RowBinaryWriter();
        writer.WriteLength(value);
        Hex(writer).ShouldBe(expected);
    }

    [Fact]
    public void Texts_are_counted_in_bytes()
    {
        using var writer = new RowBinaryWriter();
        writer.WriteString("");
        writer.WriteString("aé𝄞\0");
        writer.WriteString("xyz"u8);
        Hex(writer).ShouldBe("00" + "08" + "61C3A9F09D849E00" + "03" + "78797A");
    }

    [Fact]
    public void It_grows_past_its_first_buffer_and_keeps_every_byte()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        using var writer = new RowBinaryWriter(16);
        var expected = new MemoryStream();
        using var binary = new BinaryWriter(expected);
        for (var i = 0; i < 5_000; i++)
        {
            var text = new byte[random.Next(400)];
            random.NextBytes(text);
            writer.WriteString(text);
            binary.Write7BitEncodedInt(text.Length);
            binary.Write(text);
            var number = random.NextInt64();
            writer.WriteInt64(number);
            binary.Write(number);
        }

        writer.WrittenMemory.Span.SequenceEqual(expected.ToArray()).ShouldBeTrue($"seed {seed}");
        writer.WrittenMemory.Length.ShouldBe((int)expected.Length);
    }

    [Fact]
    public void Cleared_it_begins_anew_and_gives_up_a_huge_buffer()
    {
        using var writer = new RowBinaryWriter();
        writer.WriteString(new byte[1_000_000]);
        writer.Clear(keepBytes: 100_000);
        writer.WrittenMemory.Length.ShouldBe(0);
        writer.WriteUInt8(7);
        Hex(writer).ShouldBe("07");
    }

    [Fact]
    public void Disposed_it_refuses()
    {
        var writer = new RowBinaryWriter();
        writer.Dispose();
        writer.Dispose();
        Should.Throw<ObjectDisposedException>(() => writer.WriteUInt8(1));
        Should.Throw<ObjectDisposedException>(() => writer.WrittenMemory);
    }

    private static string Hex(RowBinaryWriter writer) => Convert.ToHexString(writer.WrittenMemory.Span);
}
