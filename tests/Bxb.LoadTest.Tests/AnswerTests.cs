using System.Text;
using Bxb.LoadTest.Wire;

namespace Bxb.LoadTest.Tests;

public sealed class AnswerTests
{
    private const string Body = """{"ingested":98,"duplicates":2,"conflicts":0,"rejected":0,"position":123}""";

    [Theory]
    [InlineData("HTTP/1.1 201 Created\r\nContent-Length: 72\r\nBxb-Position: 123\r\n\r\n" + Body)]
    [InlineData("HTTP/1.1 201 Created\r\nbxb-position:123\r\ntransfer-encoding: chunked\r\n\r\n48\r\n" + Body + "\r\n0\r\n\r\n")]
    public void An_answer_is_read_only_when_all_of_it_is_there(string text)
    {
        var bytes = Encoding.ASCII.GetBytes(text);
        for (var i = 0; i < bytes.Length; i++)
        {
            Answer.TryParse(bytes.AsSpan(0, i), out _).ShouldBeFalse($"after {i} bytes");
        }

        Answer.TryParse(bytes, out var answer).ShouldBeTrue();
        answer.ShouldBe(new Answer(201, 123, TimeSpan.Zero, false, 98, 2));
    }

    [Fact]
    public void What_a_host_says_when_it_is_busy_is_understood()
    {
        Answer.TryParse("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 3\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"u8, out var answer).ShouldBeTrue();
        answer.ShouldBe(new Answer(429, 0, TimeSpan.FromSeconds(3), true, -1, -1));
    }

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")]
    public void Anything_else_is_no_answer(string text) => Should.Throw<IOException>(() => Answer.TryParse(Encoding.ASCII.GetBytes(text), out _));
}
