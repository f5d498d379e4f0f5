using System.Text;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Http;
using Bxb.Primitives.Json;

namespace Bxb.Modularity.Tests;

public sealed class ApiBodyTests
{
    [Fact]
    public void A_good_body_is_read()
    {
        var body = Parse("""{"text_member":"a\u00e9","number":7,"kind":"second_one","at":"2026-01-01T00:00:00+01:00","parts":[{"flag":true}],"absent":null}""");
        body.TextMember.ShouldBe("a\u00e9");
        body.Number.ShouldBe(7);
        body.Kind.ShouldBe(Kind.SecondOne);
        body.At.ShouldBe(new DateTimeOffset(2025, 12, 31, 23, 0, 0, TimeSpan.Zero));
        body.Parts!.ShouldHaveSingleItem().Flag.ShouldBe(true);
    }

    [Theory]
    [InlineData("""{"textMember":"a"}""", "/textMember", "is not known")]
    [InlineData("""{"text_member":1}""", "/text_member", "must be a text")]
    [InlineData("""{"number":"1"}""", "/number", "must be a whole number of 32 bits")]
    [InlineData("""{"number":2147483648}""", "/number", "must be a whole number of 32 bits")]
    [InlineData("""{"number":1.5}""", "/number", "must be a whole number of 32 bits")]
    [InlineData("""{"kind":"SecondOne"}""", "/kind", "must be one of first, second_one")]
    [InlineData("""{"at":"yesterday"}""", "/at", "must be a time")]
    [InlineData("""{"at":1}""", "/at", "must be a time")]
    [InlineData("""{"parts":[{"flag":true},{"flag":1}]}""", "/parts/1/flag", "must be true or false")]
    [InlineData("""{"parts":[null]}""", "/parts/0", "must not be null")]
    [InlineData("""{"parts":{}}""", "/parts", "must be an array")]
    [InlineData("""{"a/b~":1}""", "/a~1b~0", "is not known")]
    [InlineData("5", "", "must be an object")]
    [InlineData("null", "", "must be an object")]
    public void What_does_not_fit_is_named_with_its_place(string json, string pointer, string reason)
    {
        var refused = Should.Throw<ApiException>(() => Parse(json));
        refused.Code.ShouldBe(ErrorCode.ValidationFailed);
        var fault = refused.Faults.ShouldHaveSingleItem();
        fault.Pointer.ShouldBe(pointer);
        fault.Reason.ShouldStartWith(reason);
    }

    [Fact]
    public void Every_fault_is_named_but_no_more_than_an_answer_holds()
        => Should.Throw<ApiException>(() => Parse($$"""{"parts":[{{string.Join(',', Enumerable.Repeat("null", 1000))}}]}""")).Faults.Count.ShouldBe(ProblemDocument.MaxFaults);

    [Theory]
    [InlineData("", "byte 0")]
    [InlineData("{\"number\":1,}", "byte 12")]
    [InlineData("{\"number\":01}", "byte")]
    [InlineData("{} x", "byte 3")]
    [InlineData("{/*c*/}", "byte 1")]
    [InlineData("{\"text_member\":\"\\ud800\"}", "byte 15")]
    [InlineData("{\"\\udc00\":1}", "byte 1")]
    [InlineData("NaN", "byte 0")]
    public void What_is_no_json_is_400_with_the_byte(string json, string detail)
    {
        var refused = Should.Throw<ApiException>(() => Parse(json));
        refused.Code.ShouldBe(ErrorCode.InvalidJson);
        refused.Message.ShouldContain(detail);
    }

    [Fact]
    public void Depth_is_bounded()
        => Should.Throw<ApiException>(() => Parse(new string('[', 40) + new string(']', 40))).Code.ShouldBe(ErrorCode.InvalidJson);

    [Theory]
    [InlineData("""{"number":1,"number":1}""")]
    [InlineData("""{"number":1,"n\u0075mber":2}""")]
    [InlineData("""{"parts":[{"flag":true,"flag":true}]}""")]
    [InlineData("""{"unknown":{"a":1,"a":2}}""")]
    public void A_member_twice_is_400(string json) => Should.Throw<ApiException>(() => Parse(json)).Code.ShouldBe(ErrorCode.DuplicateMember);

    [Fact]
    public void Bytes_that_are_not_utf8_are_400()
        => Should.Throw<ApiException>(() => ApiBody.Parse<Sample>(new byte[] { 0x22, 0xff, 0x22 })).Code.ShouldBe(ErrorCode.InvalidUtf8);

    [Theory]
    [InlineData("Body.Filters[0].Key", "/filters/0/key")]
    [InlineData("Body", "")]
    [InlineData("AggregationType", "/aggregation_type")]
    [InlineData("Body.Scopes[12]", "/scopes/12")]
    [InlineData("Name.Body", "/name/body")]
    public void Property_paths_become_pointers(string path, string pointer) => JsonPointer.FromPropertyPath(path).ShouldBe(pointer);

    private static Sample Parse(string json) => ApiBody.Parse<Sample>(Encoding.UTF8.GetBytes(json));

    private enum Kind
    {
        First,
        SecondOne,
    }

    private sealed class Sample
    {
        public string? TextMember { get; init; }

        public int? Number { get; init; }

        public Kind? Kind { get; init; }

        public DateTimeOffset? At { get; init; }

        public IReadOnlyList<Part>? Parts { get; init; }

        public string? Absent { get; init; }
    }

    private sealed class Part
    {
        public bool? Flag { get; init; }
    }
}
