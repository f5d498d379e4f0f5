using System.CommandLine;
using Bxb.LoadTest;
using Bxb.LoadTest.Bare;

var port = new Option<int>("--port") { Required = true };
var bare = new Command("bare", "Serves the bare twin; --bare starts it.") { port };
bare.Hidden = true;
bare.SetAction(async (parsed, cancellationToken) =>
{
    var data = Environment.GetEnvironmentVariable("Bxb__DataDirectory") ?? throw new LoadException("Bxb__DataDirectory is not set.");
    await BareTwin.RunAsync(parsed.GetRequiredValue(port), data, cancellationToken);
    return 0;
});
var command = LoadCommand.Create();
command.Add(bare);

// The twin stops its PostgreSQL when it is told to end; that may take longer than the two seconds that are the default.
return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
