using System.Collections.Concurrent;
using System.Diagnostics;

namespace Bxb.Embedded.Processes;

/// <summary>
/// Starts child processes from one thread that lives as long as this process. Linux sends the parent-death signal when the <em>thread</em> that started the child ends, so a child of a pool thread
/// would be stopped when the pool shrinks.
/// </summary>
internal static class ProcessStarter
{
    private static readonly BlockingCollection<Request> Requests = [];

    static ProcessStarter() => new Thread(Run) { IsBackground = true, Name = "bxb-process-starter" }.Start();

    /// <summary>Starts the process. The caller disposes it.</summary>
    public static Task<Process> StartAsync(ProcessStartInfo start)
    {
        var request = new Request(start, new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously));
        Requests.Add(request);
        return request.Started.Task;
    }

    private static void Run()
    {
        foreach (var request in Requests.GetConsumingEnumerable())
        {
            var process = new Process { StartInfo = request.Start, EnableRaisingEvents = true };
            try
            {
                process.Start();
                request.Started.SetResult(process);
            }
            catch (Exception e)
            {
                process.Dispose();
                request.Started.SetException(e);
            }
        }
    }

    private sealed record Request(ProcessStartInfo Start, TaskCompletionSource<Process> Started);
}
