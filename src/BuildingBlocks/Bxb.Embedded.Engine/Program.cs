using System.Runtime.InteropServices;
using Bxb.Embedded.Engine;
using Bxb.Embedded.Engine.Http;
using Bxb.Embedded.Engine.Native;
using Bxb.Embedded.Engine.Running;

// The embedded ClickHouse engine behind ClickHouse's HTTP interface, as a child process of the host: a crash of the engine is a restart,
// and the host has one client for this and for a real server. It ends by itself when its parent is gone, whatever else happens.
try
{
    var arguments = EngineArguments.Parse(args);
    var ending = new EndOfProcess();
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => ending.Request(context));
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => ending.Request(context));
    ParentWatch.Start(arguments.Parent, ending);

    var password = (await File.ReadAllTextAsync(arguments.PasswordFile)).Trim();
    var (library, connections) = EngineLibrary.Open(arguments, await EngineConfiguration.WriteAsync(arguments));
    var pool = new ConnectionPool(connections[1..]);
    var queries = new QueryRunner(pool, new RunningQueries(), connections[0]);
    await using var server = await HttpServer.StartAsync(arguments, password, queries);
    await Console.Out.WriteLineAsync($"ready {arguments.Port} {server.Instance}");
    await Console.Out.FlushAsync();

    await ending.Requested;
    ending.ForceAfter(TimeSpan.FromSeconds(10));
    await server.StopAsync();
    FileSystem.Sync(arguments.Data);
    // A normal exit would run the library's destructors beside its own threads.
    library.Close(connections);
    EndOfProcess.Now(0);
    return 0;
}
catch (Exception e) when (e is EngineStartException or ArgumentException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync(e.Message);
    EndOfProcess.Now(1);
    return 1;
}
