using System.Text;
using System.Text.Json;
using Bxb.Ingestion.Readers;

namespace Bxb.Ingestion.Tests.Readers;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData("""a\"\\\/\b\f\n\r\tz""", "a\"\\/\b\f\n\r\tz")]
    [InlineData("""\u0041\u00e9\u20ac\u0000""", "Aé€\0")]
    [InlineData("""\ud83d\ude00 \uD83D\uDE00""", "😀 😀")]
    [InlineData("""\uffff\ufffe""", "\uffff\ufffe")]
    public void Escapes_become_their_characters(string escaped, string expected)
    {
        var room = new byte[Encoding.UTF8.GetByteCount(escaped)];
        JsonText.TryUnescape(Encoding.UTF8.GetBytes(escaped), room, out var length).ShouldBeTrue();
        Encoding.UTF8.GetString(room, 0, length).ShouldBe(expected);
    }

    [Theory]
    [InlineData("""\ud800""")]
    [InlineData("""\udc00""")]
    [InlineData("""\ud800x""")]
    [InlineData("""\ud800\n""")]
    [InlineData("""\ud800\u0041""")]
    [InlineData("""\udc00\ud800""")]
    [InlineData("""\ud83d\ude00\ud83d""")]
    public void Half_a_pair_is_no_text(string escaped) => JsonText.TryUnescape(Encoding.UTF8.GetBytes(escaped), new byte[64], out _).ShouldBeFalse();

    [Fact]
    public void Random_texts_come_out_as_the_framework_reads_them()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var i = 0; i < 5_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(0, 20)).Select(_ => Scalar(random).ToString()));
            var json = JsonSerializer.SerializeToUtf8Bytes(text);
            var room = new byte[json.Length];
            JsonText.TryUnescape(json.AsSpan(1, json.Length - 2), room, out var length).ShouldBeTrue($"seed {seed}");
            Encoding.UTF8.GetString(room, 0, length).ShouldBe(text, $"seed {seed}");
        }
    }

    private static Rune Scalar(Random random)
    {
        while (true)
        {
            if (Rune.TryCreate(random.Next(2) == 0 ? random.Next(0x80) : random.Next(0x110000), out var rune))
            {
                return rune;
            }
        }
    }
}
