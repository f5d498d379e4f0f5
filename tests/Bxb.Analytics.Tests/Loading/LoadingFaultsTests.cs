using System.Text.Json;
using Bxb.Analytics.Loading;
using Bxb.ClickHouse;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Bxb.Analytics.Tests.Loading;

public class LoadingFaultsTests
{
    [Theory]
    [InlineData(252, true)] // too many parts
    [InlineData(241, true)] // memory
    [InlineData(60, true)] // no table
    [InlineData(516, true)] // wrong password
    [InlineData(62, true)] // syntax
    [InlineData(117, false)] // this value cannot be stored
    [InlineData(33, false)]
    public async Task Only_a_refused_value_can_send_an_event_to_the_dead_letters(int code, bool transient)
    {
        await using var app = WebApplication.CreateEmptyBuilder(new()).With(b => b.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0")).Build();
        app.Run(c =>
        {
            c.Response.StatusCode = 500;
            return c.Response.WriteAsync($"Code: {code}. DB::Exception: x. (NAME)");
        });
        await app.StartAsync();
        using var client = new ClickHouseClient(new() { Url = new Uri(app.Urls.Single()) });
        var error = await Should.ThrowAsync<ClickHouseException>(() => client.PingAsync());

        LoadingFaults.IsTransient(error).ShouldBe(transient);
        LoadingFaults.IsTransient(new InvalidOperationException("wrapped", error)).ShouldBe(transient);
    }

    [Fact]
    public async Task An_error_that_comes_in_the_place_of_an_answer_blames_no_event()
    {
        await using var app = WebApplication.CreateEmptyBuilder(new()).With(b => b.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0")).Build();
        app.Run(c => c.Response.WriteAsync("Code: 33. DB::Exception: Cannot read all data. (CANNOT_READ_ALL_DATA)"));
        await app.StartAsync();
        using var client = new ClickHouseClient(new() { Url = new Uri(app.Urls.Single()) });
        var error = await Should.ThrowAsync<ClickHouseException>(() => client.InsertAsync(new("INSERT INTO t FORMAT RowBinary"), new byte[1], 1));

        (error.Code, LoadingFaults.IsTransient(error)).ShouldBe((33, true));
    }

    [Fact]
    public void Time_is_no_fault_of_an_event_and_text_that_is_no_json_is()
    {
        LoadingFaults.IsTransient(new OperationCanceledException()).ShouldBeTrue();
        LoadingFaults.IsTransient(new JsonException()).ShouldBeFalse();
    }
}

file static class BuilderExtensions
{
    internal static WebApplicationBuilder With(this WebApplicationBuilder builder, Action<WebApplicationBuilder> change)
    {
        change(builder);
        return builder;
    }
}
