using System.Runtime.InteropServices;
using Bxb.Embedded.Engine;
using Bxb.Embedded.Engine.Http;
using Bxb.Embedded.Engine.Native;
using Bxb.Embedded.Engine.Running;

// The embedded ClickHouse engine with ClickHouse's HTTP interface, as a child process of the host. A crash of the engine costs a restart of this process only, and the host needs one client for
// the engine and for servers. The process ends when its parent is gone.
try
{
    var arguments = EngineArguments.Parse(args);
    var ending = new EndOfProcess();
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => ending.Request(context));
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => ending.Request(context));
    ParentWatch.Start(arguments.Parent, ending);

    var password = (await File.ReadAllTextAsync(arguments.PasswordFile)).Trim();
    var (library, connections) = EngineLibrary.Open(arguments, await EngineConfiguration.WriteAsync(arguments));
    var queries = new QueryRunner(connections[1..], connections[0]);
    await using var server = await HttpServer.StartAsync(arguments, password, queries);
    await Console.Out.WriteLineAsync($"ready {arguments.Port} {server.Instance}");
    await Console.Out.FlushAsync();

    await ending.Requested;
    ending.ForceAfter(TimeSpan.FromSeconds(10));
    await server.StopAsync();
    FileSystem.Sync(arguments.Data);
    // A normal exit would run the library's destructors while its threads still run.
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
