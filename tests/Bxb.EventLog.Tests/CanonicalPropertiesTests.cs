using System.Text;
using System.Text.Json;
using Bxb.EventLog.Appending;

namespace Bxb.EventLog.Tests;

public sealed class CanonicalPropertiesTests
{
    [Theory]
    [InlineData("0", "0")]
    [InlineData("-0", "0")]
    [InlineData("-0.0", "0.0")]
    [InlineData("1e2", "100")]
    [InlineData("1E+2", "100")]
    [InlineData("1.50", "1.50")]
    [InlineData("1.50e1", "15.0")]
    [InlineData("100e-2", "1.00")]
    [InlineData("-12.345e-1", "-1.2345")]
    [InlineData("1e-3", "0.001")]
    [InlineData("0.001e5", "100")]
    [InlineData("0.0010e2", "0.10")]
    [InlineData("0e5", "0")]
    [InlineData("0e-3", "0.000")]
    [InlineData("0e999999999999999999999999", "0")]
    [InlineData("0.0e1", "0")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    public void Numbers_stand_as_jsonb_prints_them(string written, string canonical) => EventContent.Number(written).ShouldBe(canonical);

    [Theory]
    [InlineData("1e131071")]
    [InlineData("1e-131071")]
    [InlineData("-1e99999999999999999999999999999999999")]
    [InlineData("1e-99999999999999999999999999999999999")]
    [InlineData("0e-100")]
    [InlineData("1e100")]
    [InlineData("1e-100")]
    public void A_number_of_more_than_a_hundred_digits_is_a_fault(string written) => EventContent.Number(written).ShouldContain("more than 100 digits");

    [Fact]
    public void A_number_of_a_hundred_digits_is_none()
    {
        EventContent.Number("1e99").ShouldBe("1" + new string('0', 99));
        EventContent.Number("-1e-99").ShouldBe("-0." + new string('0', 98) + "1");
        EventContent.Number(new string('9', 100)).ShouldBe(new string('9', 100));
        EventContent.Number(new string('9', 101)).ShouldContain("digits");
        EventContent.Number(new string('9', 50) + "." + new string('9', 50)).Length.ShouldBe(101);
    }

    [Fact]
    public void Members_stand_in_the_byte_order_of_their_names()
    {
        EventContent.Canonical("""{"b":1,"aa":2,"a":{"z":[],"y":{}},"\n":0,"é":3,"😀":4,"\uffff":5}""").Text
            .ShouldBe("""{"\n":0,"a":{"y":{},"z":[]},"aa":2,"b":1,"é":3,"￿":5,"😀":4}""");
    }

    [Fact]
    public void Strings_have_one_spelling()
    {
        EventContent.Canonical("""{"\u0061":"\u0041\/\u00e9\ud83d\ude00\u001f\u0008\"\\\u007f"}""").Text.ShouldBe("{\"a\":\"A/é😀\\u001f\\b\\\"\\\\\u007f\"}");
    }

    [Theory]
    [InlineData("""{"a":1,"b":2,"\u0061":3}""", "/a", "is named twice")]
    [InlineData("""{"x":[0,{"k":1,"k":1}]}""", "/x/1/k", "is named twice")]
    [InlineData("""{"":1}""", "/", "name is empty")]
    [InlineData("""{"a/b~c":[1e200]}""", "/a~1b~0c/0", "digits")]
    [InlineData("""{"a":"\u0000"}""", "/a", "text holds the character U+0000")]
    [InlineData("""{"a":{"x\u0000":1}}""", "/a/x\0", "name holds the character U+0000")]
    [InlineData("""{"a":"\ud800"}""", "/a", "text holds half of a surrogate pair")]
    [InlineData("""{"a":"\udc00\ud800"}""", "/a", "text holds half of a surrogate pair")]
    [InlineData("""{"a":"\ud800\u0041"}""", "/a", "text holds half of a surrogate pair")]
    public void A_fault_says_where_and_what(string json, string pointer, string reason)
    {
        var (text, faults) = EventContent.Canonical(json);
        text.ShouldBeEmpty();
        var fault = faults.Items.ShouldHaveSingleItem();
        fault.Pointer.ShouldBe(pointer);
        fault.Reason.ShouldContain(reason);
        fault.IsDuplicateMember.ShouldBe(reason == "is named twice");
        faults.HasDuplicateMember.ShouldBe(fault.IsDuplicateMember);
    }

    [Fact]
    public void All_faults_are_found()
    {
        var (_, faults) = EventContent.Canonical("""{"n":1e200,"s":"\u0000","":{"d":1,"d":1e300},"l":["\ud800"]}""");
        faults.Items.Select(f => f.Pointer).ShouldBe(["/n", "/s", "/", "//d", "//d", "/l/0"], ignoreOrder: true);
    }

    [Fact]
    public void A_duplicate_is_told_even_behind_more_faults_than_are_kept()
    {
        var many = string.Join(',', Enumerable.Range(0, 500).Select(i => $"\"n{i}\":1e200"));
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes($"{{{many},\"d\":1,\"d\":2}}"));
        reader.Read();
        using var block = AppendBlock.Rent(1);
        var faults = new PropertyFaults();
        CanonicalProperties.Write(ref reader, block, new PropertyLimits(), faults);
        faults.Count.ShouldBe(501);
        faults.Items.Count.ShouldBe(101);
        faults.HasDuplicateMember.ShouldBeTrue();
    }

    [Fact]
    public void Names_are_counted_in_characters_and_not_in_bytes()
    {
        EventContent.Canonical($$"""{"{{string.Concat(Enumerable.Repeat("😀", 255))}}":1}""").Faults.Count.ShouldBe(0);
        EventContent.Canonical($$"""{"{{string.Concat(Enumerable.Repeat("😀", 256))}}":1}""").Faults.Items[0].Reason.ShouldContain("longer than 255");
    }

    [Theory]
    [InlineData(15, 0)]
    [InlineData(16, 1)]
    [InlineData(900, 1)]
    public void Depth_counts_from_the_properties_themselves(int arrays, int faults)
    {
        var (_, found) = EventContent.Canonical($$"""{"a":{{new string('[', arrays)}}{{new string(']', arrays)}},"b":1}""");
        found.Count.ShouldBe(faults);
    }

    [Fact]
    public void The_canonical_text_has_a_limit_and_numbers_count_written_out()
    {
        // {"a":"..."} has eight bytes around the text.
        EventContent.Canonical($$"""{"a":"{{new string('x', 65_536 - 8)}}"}""").Faults.Count.ShouldBe(0);
        EventContent.Canonical($$"""{"a":"{{new string('x', 65_536 - 7)}}"}""").Faults.Items.ShouldHaveSingleItem().Pointer.ShouldBe("");
        EventContent.Canonical($$"""{"a":[{{string.Join(',', Enumerable.Repeat("1e99", 1_000))}}]}""").Faults.Items[0].Reason.ShouldContain("larger than 65536 bytes");
        var (_, faults) = EventContent.Canonical($$"""{"a":"{{new string('x', 5_000_000)}}","b":"\u0000"}""");
        faults.Items.Select(f => f.Pointer).ShouldBe(["/b", ""]);
    }

    [Fact]
    public void Ten_thousand_names_in_any_order_are_no_trouble()
    {
        var random = new Random(1);
        var names = Enumerable.Range(0, 10_000).Select(i => $"{i:x}").ToArray();
        random.Shuffle(names);
        var limits = new PropertyLimits { MaxBytes = 1 << 20 };
        var (text, faults) = EventContent.Canonical("{" + string.Join(',', names.Select(n => $"\"{n}\":1")) + "}", limits);
        faults.Count.ShouldBe(0);
        Array.Sort(names, StringComparer.Ordinal);
        text.ShouldBe("{" + string.Join(',', names.Select(n => $"\"{n}\":1")) + "}");
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_a_fault()
    {
        var (_, faults) = EventContent.Canonical([.. "{\"a\":\""u8, 0xFF, 0xFE, .. "\"}"u8]);
        faults.Items.ShouldHaveSingleItem().Reason.ShouldContain("UTF-8");
    }

    [Fact]
    public void Bad_JSON_leaves_the_block_as_it_was()
    {
        using var block = AppendBlock.Rent(1);
        block.Append("before"u8);
        Should.Throw<JsonException>(() =>
        {
            var reader = new Utf8JsonReader("{\"a\":1,}"u8);
            reader.Read();
            CanonicalProperties.Write(ref reader, block, new PropertyLimits(), new PropertyFaults());
        });
        block.WrittenBytes.ShouldBe(6);
        EventContent.Canonical("{}").Text.ShouldBe("{}");
    }
}
