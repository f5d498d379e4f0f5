using Bxb.Primitives.Buffers;

namespace Bxb.Primitives.Tests;

public sealed class ArrayPoolBufferWriterTests
{
    [Fact]
    public void Elements_survive_growth()
    {
        using var buffer = new ArrayPoolBufferWriter<int>(1);
        for (var i = 0; i < 1_000; i++)
        {
            switch (i % 3)
            {
                case 0:
                    buffer.Add(i);
                    break;
                case 1:
                    buffer.Write([i]);
                    break;
                default:
                    buffer.GetSpan(1)[0] = i;
                    buffer.Advance(1);
                    break;
            }
        }

        buffer.WrittenSpan.ToArray().ShouldBe(Enumerable.Range(0, 1_000));
    }

    [Fact]
    public void Truncated_elements_are_overwritten()
    {
        using var buffer = new ArrayPoolBufferWriter<byte>(4);
        buffer.Write("abc"u8);
        buffer.Truncate(1);
        buffer.Write("d"u8);
        buffer.WrittenSpan.SequenceEqual("ad"u8).ShouldBeTrue();
        Should.Throw<ArgumentOutOfRangeException>(() => buffer.Truncate(3));
        Should.Throw<ArgumentOutOfRangeException>(() => buffer.Advance(1_000_000));
    }

    [Fact]
    public void A_large_array_is_not_kept()
    {
        using var buffer = new ArrayPoolBufferWriter<byte>(16);
        buffer.Take(100_000);
        buffer.Clear(keep: 1_000);
        buffer.WrittenCount.ShouldBe(0);
        buffer.GetSpan().Length.ShouldBeLessThanOrEqualTo(1_000);
    }

    [Fact]
    public void Nothing_is_readable_after_disposal()
    {
        var buffer = new ArrayPoolBufferWriter<byte>(16);
        buffer.Add(1);
        buffer.Dispose();
        buffer.Dispose();
        buffer.WrittenCount.ShouldBe(0);
        Should.Throw<ObjectDisposedException>(() => buffer.WrittenSpan.Length);
        Should.Throw<ObjectDisposedException>(() => buffer.Add(1));
    }
}
