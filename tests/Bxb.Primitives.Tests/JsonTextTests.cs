using System.Text;
using System.Text.Json;
using Bxb.Primitives.Buffers;
using Bxb.Primitives.Json;

namespace Bxb.Primitives.Tests;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("""a\"\\\/\b\f\n\r\tz""", "a\"\\/\b\f\n\r\tz")]
    [InlineData("""\u0041\u00e9\u20ac""", "Aé€")]
    [InlineData("""\ud83d\ude00 \uD83D\uDE00""", "😀 😀")]
    [InlineData("""\uffff\ufffe😀\\""", "\uffff\ufffe😀\\")]
    public void Escapes_become_their_characters(string escaped, string expected) => Unescape(escaped).ShouldBe((expected, TextFlaws.None));

    [Theory]
    [InlineData("""\u0000""", "\0", TextFlaws.Nul)]
    [InlineData("""\ud800""", "\ufffd", TextFlaws.LoneSurrogate)]
    [InlineData("""\udc00""", "\ufffd", TextFlaws.LoneSurrogate)]
    [InlineData("""\ud800x""", "\ufffdx", TextFlaws.LoneSurrogate)]
    [InlineData("""\ud800\n""", "\ufffd\n", TextFlaws.LoneSurrogate)]
    [InlineData("""\ud800\u0041""", "\ufffdA", TextFlaws.LoneSurrogate)]
    [InlineData("""\udc00\ud800\u0000""", "\ufffd\ufffd\0", TextFlaws.LoneSurrogate | TextFlaws.Nul)]
    [InlineData("""\ud83d\ude00\ud83d""", "😀\ufffd", TextFlaws.LoneSurrogate)]
    public void Flaws_are_reported(string escaped, string expected, TextFlaws flaws) => Unescape(escaped).ShouldBe((expected, flaws));

    [Theory]
    [InlineData("", "")]
    [InlineData("plain é€😀/'\u007f", "plain é€😀/'\u007f")]
    [InlineData("a\"\\\b\f\n\r\tz", """a\"\\\b\f\n\r\tz""")]
    [InlineData("\0\u0001\u000b\u001f", """\u0000\u0001\u000b\u001f""")]
    [InlineData("\"", "\\\"")]
    public void Only_what_JSON_requires_is_escaped(string text, string expected) => Escape(text).ShouldBe(expected);

    [Fact]
    public void A_huge_text_is_escaped_and_unescaped()
    {
        var text = string.Concat(Enumerable.Repeat("😀\u0001\"x", 300_000));
        Unescape(Escape(text)).ShouldBe((text, TextFlaws.None));
    }

    [Fact]
    public void Random_texts_are_read_and_written_as_the_framework_does()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var i = 0; i < 5_000; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(0, 20)).Select(_ => Scalar(random).ToString()));
            var json = JsonSerializer.Serialize(text);
            Unescape(json[1..^1]).Text.ShouldBe(text, $"seed {seed}");
            JsonSerializer.Deserialize<string>($"\"{Escape(text)}\"").ShouldBe(text, $"seed {seed}");
            JsonText.CountCharacters(Encoding.UTF8.GetBytes(text)).ShouldBe(text.EnumerateRunes().Count(), $"seed {seed}");
        }
    }

    private static (string Text, TextFlaws Flaws) Unescape(string escaped)
    {
        var room = new byte[Encoding.UTF8.GetByteCount(escaped)];
        var length = JsonText.Unescape(Encoding.UTF8.GetBytes(escaped), room, out var flaws);
        return (Encoding.UTF8.GetString(room, 0, length), flaws);
    }

    private static string Escape(string text)
    {
        using var output = new ArrayPoolBufferWriter<byte>(16);
        JsonText.Escape(Encoding.UTF8.GetBytes(text), output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
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
