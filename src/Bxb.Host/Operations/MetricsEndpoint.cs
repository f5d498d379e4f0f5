using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Bxb.Host.Operations;

/// <summary>
/// Counts what the host's meters report from the moment that it is created, and answers <c>/metrics</c>. One scrape at a time; a second one waits.
/// </summary>
internal sealed class MetricsEndpoint : IDisposable
{
    private readonly Collector _collector = new();
    private readonly BaseExportingMetricReader _reader;
    private readonly MeterProvider _provider;
    private readonly SemaphoreSlim _one = new(1, 1);

    public MetricsEndpoint()
    {
        _reader = new BaseExportingMetricReader(_collector);
        _provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter("Bxb.*", "MassTransit", "System.Runtime", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel")
            .AddReader(_reader)
            .Build();
    }

    public async Task AnswerAsync(HttpContext context)
    {
        string text;
        await _one.WaitAsync(context.RequestAborted);
        try
        {
            _reader.Collect();
            text = _collector.Take();
        }
        finally
        {
            _one.Release();
        }

        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(text, context.RequestAborted);
    }

    public void Dispose()
    {
        _provider.Dispose();
        _reader.Dispose();
        _collector.Dispose();
        _one.Dispose();
    }

    private sealed class Collector : BaseExporter<Metric>
    {
        private readonly StringBuilder _text = new();

        public override ExportResult Export(in Batch<Metric> batch)
        {
            foreach (var metric in batch)
            {
                PrometheusText.Write(_text, metric);
            }

            return ExportResult.Success;
        }

        public string Take()
        {
            var text = _text.ToString();
            _text.Clear();
            return text;
        }
    }
}
