using System.IO.Compression;
using System.Text;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;
using Xunit.Abstractions;

namespace Bxb.Modularity.Tests;

/// <summary>The one reader of bodies: media types, encodings, gzip of any form, limits, and what it holds of the host.</summary>
public sealed class BodyReaderTests(ITestOutputHelper output)
{
    private const int Limit = 64 * 1024;

    [Theory]
    [InlineData("application/json", true)]
    [InlineData("APPLICATION/JSON; charset=UTF-8", true)]
    [InlineData("application/json; charset=utf8", true)]
    [InlineData("application/json;charset=\"UTF8\"; version=1", true)]
    [InlineData("application/json; charset=utf-16", false)]
    [InlineData("application/json; charset=\"\"", false)]
    [InlineData("text/json", false)]
    [InlineData("application/json, application/json", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public async Task The_media_type_is_JSON_in_UTF8(string? contentType, bool isRead)
    {
        var context = Request("{}"u8.ToArray());
        context.Request.ContentType = contentType;
        var (body, refusal) = await BodyReader.ReadAsync(context, Limit, lease: null);
        using (body)
        {
            (body is not null).ShouldBe(isRead);
        }

        if (!isRead)
        {
            refusal!.Code.ShouldBe(ErrorCode.UnsupportedMediaType);
            context.Response.Headers.Accept.ToString().ShouldBe("application/json");
        }
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("X-Gzip", true)]
    [InlineData(" gzip ", true)]
    [InlineData("br", false)]
    [InlineData("gzip, gzip", false)]
    [InlineData("deflate", false)]
    public async Task The_encoding_is_gzip_or_none(string encoding, bool isRead)
    {
        var context = Request(Gzip("{}"u8), encoding);
        var (body, refusal) = await BodyReader.ReadAsync(context, Limit, lease: null);
        using (body)
        {
            (body is null ? null : Encoding.UTF8.GetString(body.Span)).ShouldBe(isRead ? "{}" : null);
        }

        if (!isRead)
        {
            refusal!.Code.ShouldBe(ErrorCode.UnsupportedMediaType);
            context.Response.Headers.AcceptEncoding.ToString().ShouldBe("gzip, identity");
        }
    }

    [Theory]
    [InlineData("\uFEFF{}", "   {}")]
    [InlineData("\uFEFF\uFEFF{}", "   \uFEFF{}")]
    [InlineData(" \uFEFF{}", " \uFEFF{}")]
    [InlineData("\uFEFF", "   ")]
    public async Task A_byte_order_mark_at_the_beginning_is_white_space(string sent, string read)
    {
        foreach (var isPacked in new[] { false, true })
        {
            var plain = Encoding.UTF8.GetBytes(sent);
            (await ReadAsync(isPacked ? Gzip(plain) : plain, isPacked)).ShouldBe(read);
        }
    }

    [Fact]
    public async Task Members_of_any_number_and_size_are_one_body_and_nothing_less_is()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 200; round++)
        {
            var plain = Text(random, random.Next(4) == 0 ? random.Next(40) : random.Next(Limit));
            var packed = new List<byte>();
            var ends = new HashSet<int>();
            for (var at = 0; at < plain.Length || ends.Count == 0;)
            {
                var length = Math.Min(plain.Length - at, random.Next(5) switch { 0 => 0, 1 => 1, 2 => 8192 + random.Next(-1, 2), _ => random.Next(Limit) });
                packed.AddRange(Gzip(plain.AsSpan(at, length), (CompressionLevel)random.Next(4)));
                ends.Add(packed.Count);
                at += length;
            }

            byte[] whole = [.. packed];
            (await ReadAsync(whole, isPacked: true)).ShouldBe(Encoding.ASCII.GetString(plain), $"seed {seed}, round {round}");

            // Cut at a member's end it is whole in itself; anywhere else it is not.
            var cut = random.Next(2) == 0 ? random.Next(whole.Length) : whole.Length - 1 - random.Next(Math.Min(30, whole.Length));
            if (!ends.Contains(cut))
            {
                (await ReadAsync(whole[..cut], isPacked: true)).ShouldBe("invalid_encoding", $"seed {seed}, round {round}, cut at {cut} of {whole.Length}");
            }

            // Bytes behind the last member: noise, the beginning of another member, or zeros as tapes have them.
            var garbage = random.Next(3) switch { 0 => Noise(random), 1 => Gzip("x"u8)[..random.Next(1, 18)], _ => new byte[random.Next(1, 600)] };
            var longer = whole.Length + garbage.Length > Limit ? "payload_too_large" : "invalid_encoding";
            (await ReadAsync([.. whole, .. garbage], isPacked: true)).ShouldBe(longer, $"seed {seed}, round {round}, garbage {Convert.ToHexString(garbage)}");
        }
    }

    [Fact]
    public async Task What_is_no_gzip_or_only_a_header_is_refused()
    {
        foreach (var bad in new[] { [], "{}"u8.ToArray(), Gzip("{}"u8)[..10], [.. Gzip("{}"u8), .. Gzip("{}"u8)[..10]], [0x1f], new byte[18] })
        {
            (await ReadAsync(bad, isPacked: true)).ShouldBe("invalid_encoding");
        }

        (await ReadAsync(Gzip([]), isPacked: true)).ShouldBe("");
        (await ReadAsync([.. Gzip([]), .. Gzip([])], isPacked: true)).ShouldBe("");
    }

    [Fact]
    public async Task A_body_ends_at_the_limit_in_either_form_and_in_the_sum_of_its_members()
    {
        var full = Text(new Random(1), Limit);
        (await ReadAsync(full, isPacked: false)).Length.ShouldBe(Limit);
        (await ReadAsync(Gzip(full), isPacked: true)).Length.ShouldBe(Limit);
        (await ReadAsync([.. full, 0x20], isPacked: false)).ShouldBe("payload_too_large");
        (await ReadAsync([.. Gzip(full), .. Gzip(" "u8)], isPacked: true)).ShouldBe("payload_too_large");
        (await ReadAsync(Gzip(new byte[100 * 1024 * 1024]), isPacked: true)).ShouldBe("payload_too_large");
        (await ReadAsync([.. Enumerable.Repeat(Gzip(new byte[1024]), 100).SelectMany(m => m)], isPacked: true)).ShouldBe("payload_too_large");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_held_is_counted_and_given_back(bool isPacked)
    {
        var admission = new Admission(10 * Limit);
        var plain = Text(new Random(1), Limit);
        using (var lease = new AdmissionLease(admission))
        {
            var (body, _) = await BodyReader.ReadAsync(Request(isPacked ? Gzip(plain) : plain, isPacked ? "gzip" : null), Limit, lease);
            body.ShouldNotBeNull();
            admission.HeldBytes.ShouldBeInRange(Limit, Limit + 64);
            body.Dispose();
            admission.HeldBytes.ShouldBe(0);
            (await BodyReader.ReadAsync(Request(Gzip(plain)[..^1], "gzip"), Limit, lease)).Body.ShouldBeNull();
            admission.HeldBytes.ShouldBe(0);
        }

        using var small = new AdmissionLease(new Admission(1000));
        (await BodyReader.ReadAsync(Request(isPacked ? Gzip(plain) : plain, isPacked ? "gzip" : null), Limit, small)).Refusal.ShouldBe(Refusal.AtLimit);
    }

    private static async Task<string> ReadAsync(byte[] sent, bool isPacked)
    {
        var (body, refusal) = await BodyReader.ReadAsync(Request(sent, isPacked ? "gzip" : null), Limit, lease: null);
        using (body)
        {
            return body is null ? refusal!.Code.Code : Encoding.UTF8.GetString(body.Span);
        }
    }

    private static DefaultHttpContext Request(byte[] body, string? encoding = null)
    {
        var context = new DefaultHttpContext();
        context.Request.ContentType = "application/json";
        context.Request.Body = new MemoryStream(body);
        if (encoding is not null)
        {
            context.Request.Headers.ContentEncoding = encoding;
        }

        return context;
    }

    private static byte[] Text(Random random, int length) => [.. Enumerable.Range(0, length).Select(_ => (byte)(random.Next(3) == 0 ? random.Next(32, 127) : 'a'))];

    private static byte[] Noise(Random random)
    {
        var noise = new byte[random.Next(1, 40)];
        random.NextBytes(noise);
        return noise;
    }

    private static byte[] Gzip(ReadOnlySpan<byte> plain, CompressionLevel level = CompressionLevel.Optimal)
    {
        if (plain.IsEmpty)
        {
            // GZipStream writes nothing at all for nothing; a member without content has 20 bytes.
            return Convert.FromHexString("1F8B08000000000000030300000000000000000000"[..40]);
        }

        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, level, leaveOpen: true))
        {
            gzip.Write(plain);
        }

        return packed.ToArray();
    }
}
