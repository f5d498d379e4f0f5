using System.Diagnostics.Metrics;
using Bxb.Operations.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Bxb.Operations.Tests.Metrics;

/// <summary>The text of <c>/metrics</c>, over a real Kestrel.</summary>
public sealed class HostMetricsTests : IAsyncLifetime
{
    private readonly HttpClient _client = new(new SocketsHttpHandler());
    private WebApplication _app = null!;
    private Meter _meter = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddHostMetrics();
        _app = builder.Build();
        _app.MapMetrics();
        // Before the host runs: counting begins when the call is mapped.
        _meter = _app.Services.GetRequiredService<IMeterFactory>().Create("Bxb.Test");
        _meter.CreateCounter<long>("bxb.test.early", "{event}", "Counted before the start.").Add(7);
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.First());
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task What_was_counted_before_the_first_scrape_is_there()
        => (await LinesAsync()).ShouldContain("bxb_test_early_total{otel_scope_name=\"Bxb.Test\"} 7");

    [Fact]
    public async Task Each_scrape_shows_what_was_counted_before_it()
    {
        var counter = _meter.CreateCounter<long>("bxb.test.events", "{event}", "Events.");
        for (var n = 1; n <= 20; n++)
        {
            counter.Add(1, new KeyValuePair<string, object?>("outcome", "recorded"));
            (await LinesAsync()).ShouldContain($"bxb_test_events_total{{otel_scope_name=\"Bxb.Test\",outcome=\"recorded\"}} {n}");
        }
    }

    [Fact]
    public async Task Units_are_part_of_the_name_and_durations_have_the_buckets_of_their_instrument()
    {
        var duration = _meter.CreateHistogram("bxb.test.duration", "s", "Time.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.005, 0.25, 1] });
        duration.Record(0.125);
        duration.Record(0.5);
        _meter.CreateObservableUpDownCounter("bxb.test.held", () => 4096, "By", "Bytes held.");
        _meter.CreateObservableGauge("bxb.test.lag.seconds", () => 1.5, "s", "Lag.");
        var lines = await LinesAsync();
        foreach (var line in new[]
        {
            "# TYPE bxb_test_duration_seconds histogram",
            "bxb_test_duration_seconds_bucket{otel_scope_name=\"Bxb.Test\",le=\"0.005\"} 0",
            "bxb_test_duration_seconds_bucket{otel_scope_name=\"Bxb.Test\",le=\"0.25\"} 1",
            "bxb_test_duration_seconds_bucket{otel_scope_name=\"Bxb.Test\",le=\"1\"} 2",
            "bxb_test_duration_seconds_bucket{otel_scope_name=\"Bxb.Test\",le=\"+Inf\"} 2",
            "bxb_test_duration_seconds_sum{otel_scope_name=\"Bxb.Test\"} 0.625",
            "bxb_test_duration_seconds_count{otel_scope_name=\"Bxb.Test\"} 2",
            "# TYPE bxb_test_held_bytes gauge",
            "bxb_test_held_bytes{otel_scope_name=\"Bxb.Test\"} 4096",
            "bxb_test_lag_seconds{otel_scope_name=\"Bxb.Test\"} 1.5",
        })
        {
            lines.ShouldContain(line);
        }
    }

    [Fact]
    public async Task The_answer_is_Prometheus_text_in_UTF_8()
    {
        _meter.CreateCounter<long>("bxb.test.texts", "{text}", "Texts.").Add(1, new KeyValuePair<string, object?>("text", "a \"b\" \\ ä"));
        using var answer = await _client.GetAsync("/metrics");
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        answer.Content.Headers.ContentType.CharSet.ShouldBe("utf-8");
        answer.Content.Headers.ContentType.Parameters.ShouldContain(p => p.Name == "version" && p.Value == "0.0.4");
        (await answer.Content.ReadAsStringAsync()).ShouldContain("text=\"a \\\"b\\\" \\\\ ä\"} 1\n");
    }

    [Fact]
    public async Task A_scraper_that_prefers_OpenMetrics_gets_the_same_names_and_bounds()
    {
        _meter.CreateHistogram("bxb.test.duration", "s", "Time.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1] }).Record(0.5);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics");
        request.Headers.TryAddWithoutValidation("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");
        using var answer = await _client.SendAsync(request);
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("text/plain");
        var text = await answer.Content.ReadAsStringAsync();
        text.ShouldContain("le=\"1\"} 1\n");
        text.ShouldNotContain("_created");
    }

    private async Task<string[]> LinesAsync() => (await _client.GetStringAsync("/metrics")).Split('\n');
}
