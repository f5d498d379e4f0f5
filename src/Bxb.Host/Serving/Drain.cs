using System.Runtime.InteropServices;
using Microsoft.Extensions.Options;

namespace Bxb.Host.Serving;

/// <summary>
/// Takes the host out of service before its port closes. From the beginning of the stop <c>/health/ready</c> is 503, and the host still answers for
/// <see cref="ShutdownOptions.DrainTime"/>, with <c>Connection: close</c> on every answer.
/// </summary>
internal sealed partial class Drain(IOptions<ShutdownOptions> options, TimeProvider time, ILogger<Drain> logger) : IHostedLifecycleService
{
    private static readonly PosixSignal[] StopSignals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT];

    private volatile bool _isStopping;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs before any service stops, the web server included, and returns when the drain time is over.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        if (options.Value.DrainTime == TimeSpan.Zero)
        {
            return;
        }

        // The first signal was delivered before; these registrations receive the second.
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var registrations = Array.ConvertAll(StopSignals, signal => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            second.TrySetResult();
        }));
        LogDraining(options.Value.DrainTime.TotalSeconds);
        if (await Task.WhenAny(second.Task, Task.Delay(options.Value.DrainTime, time, cancellationToken)) == second.Task)
        {
            LogCutShort();
        }

        Array.ForEach(registrations, registration => registration.Dispose());
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Middleware that closes a client's connection with its next answer once the host is stopping, so that the client opens its next one elsewhere.</summary>
    public Task CloseConnectionsAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(static state =>
        {
            var (drain, response) = ((Drain, HttpResponse))state;
            if (drain._isStopping)
            {
                response.Headers.Connection = "close";
            }

            return Task.CompletedTask;
        }, (this, context.Response));
        return next(context);
    }

    [LoggerMessage(8005, LogLevel.Information, "Stopping: requests are answered for another {Seconds} s, and /health/ready says 503")]
    private partial void LogDraining(double seconds);

    [LoggerMessage(8006, LogLevel.Information, "A second signal ends the drain time")]
    private partial void LogCutShort();
}
