using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Bxb.Riders.Compliance;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Riders.Tests;

public sealed class TelemetryTests : IAsyncLifetime
{
    private readonly TransportRig _rig = new();

    public Task InitializeAsync() => _rig.StartAsync();

    public async Task DisposeAsync() => await _rig.DisposeAsync();

    [Fact]
    public async Task The_span_of_a_batch_is_linked_to_the_trace_of_its_first_record()
    {
        const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "MassTransit",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        var host = await _rig.StartHostAsync(b => b.Group("traced"));
        var positions = await _rig.AppendAsync(2, traceParent: $"00-{TraceId}-00f067aa0ba902b7-01");
        await host.WaitForAsync("traced", positions[^1]);
        await Eventually.HoldsAsync(() => spans.Any(s => s.Links.Any(l => l.Context.TraceId.ToHexString() == TraceId)));
    }

    [Fact]
    public async Task Batches_retries_dead_letters_and_lag_are_measured()
    {
        var measured = new ConcurrentDictionary<string, double>(StringComparer.Ordinal);
        var failures = 1;
        var gate = new TaskCompletionSource();
        var host = await _rig.StartHostAsync(b => b.Group("measured", script: async (batch, _) =>
        {
            await gate.Task;
            throw batch.Count > 1 || Interlocked.Decrement(ref failures) >= 0 ? new TimeoutException("away") : new FormatException("bad");
        }));
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter.Scope == host.Services.GetRequiredService<IMeterFactory>() && instrument.Meter.Name == "Bxb.Riders")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => measured.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.Start();
        var positions = await _rig.AppendAsync(1);
        await Eventually.HoldsAsync(() => host.Stage.Delivered.Count == 1);
        listener.RecordObservableInstruments();
        measured["bxb.riders.lag.events"].ShouldBeGreaterThanOrEqualTo(1);
        gate.SetResult();
        await host.WaitForAsync("measured", positions[^1]);
        await Eventually.HoldsAsync(() => measured.ContainsKey("bxb.riders.batch.size"));
        listener.RecordObservableInstruments();
        measured["bxb.riders.lag.events"].ShouldBe(0);
        measured["bxb.riders.retries"].ShouldBe(1);
        measured["bxb.riders.dead_letters"].ShouldBe(1);
        measured["bxb.riders.batch.size"].ShouldBe(1);
    }
}
