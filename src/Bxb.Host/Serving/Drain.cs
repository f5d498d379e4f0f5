using System.Runtime.InteropServices;
using Bxb.Host.Settings;
using Microsoft.Extensions.Options;

namespace Bxb.Host.Serving;

/// <summary>
/// Takes the host out of service before its port closes. After the stop has begun, <c>/health/ready</c> answers 503, and the host still serves requests for
/// <see cref="ShutdownOptions.DrainTime"/>, with <c>Connection: close</c> on every answer.
/// </summary>
internal sealed partial class Drain(IOptions<ShutdownOptions> options, TimeProvider time, ILogger<Drain> logger) : IHostedLifecycleService
{
    private static readonly PosixSignal[] StopSignals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGQUIT];

    private volatile bool _isStopping;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Runs before all services stop, the web server included, and returns after the drain time.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        if (options.Value.DrainTime == TimeSpan.Zero)
        {
            return;
        }

        // The first signal has been delivered already, so these registrations receive the second.
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

    /// <summary>Middleware that closes a connection with its next answer while the host is stopping, so the client connects to another host.</summary>
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

    [LoggerMessage(8005, LogLevel.Information, "Stopping: requests are answered for another {Seconds} s, and /health/ready answers 503")]
    private partial void LogDraining(double seconds);

    [LoggerMessage(8006, LogLevel.Information, "A second signal ends the drain time")]
    private partial void LogCutShort();
}
