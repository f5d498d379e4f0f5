namespace Bxb.Testing;

/// <summary>Stops a test process's engines when it ends, and removes their files.</summary>
internal static class AtProcessExit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly List<IAsyncDisposable> Engines = [];

    static AtProcessExit() => AppDomain.CurrentDomain.ProcessExit += (_, _) => StopAll();

    /// <summary>Has this process's folder removed at its end.</summary>
    public static void Enable()
    {
        // The static constructor has done it.
    }

    /// <summary>Registers an engine, which lives as long as this process.</summary>
    public static void Stop(IAsyncDisposable engine)
    {
        lock (Engines)
        {
            Engines.Add(engine);
        }
    }

    private static void StopAll()
    {
        using var stopped = new ManualResetEventSlim();
        // The runtime waits for this handler and for nothing else: it has to block.
        _ = Task.Run(async () =>
        {
            try
            {
                await Task.WhenAll(Engines.ConvertAll(engine => engine.DisposeAsync().AsTask()));
                TestDirectories.RemoveOwn();
            }
            finally
            {
                stopped.Set();
            }
        });
        stopped.Wait(Patience);
    }
}
