using System.CommandLine;
using Bxb.Host;
using Bxb.Host.Cli.Import;
using Bxb.Host.Cli.Keys;
using Bxb.Host.Cli.Replay;
using Bxb.Host.Serving;

var root = new RootCommand("Bxb records usage events, loses none, counts none twice, and answers how much was used.") { TreatUnmatchedTokensAsErrors = false };
var serve = new Command("serve", "Runs the host. The default command. Takes settings: --Bxb:Name=value, --urls=..., --Logging:...=...") { TreatUnmatchedTokensAsErrors = false };
root.Subcommands.Add(serve);
root.Subcommands.Add(ImportCommand.Create());
root.Subcommands.Add(ReplayCommand.Create());
root.Subcommands.Add(KeysCommand.Create());
var version = new Command("version", "Prints the version.");
version.SetAction((parsed, _) => parsed.InvocationConfiguration.Output.WriteLineAsync(HostVersion.Text));
root.Subcommands.Add(version);

var chosen = root.Subcommands.FirstOrDefault(c => c.Name == args.FirstOrDefault());
var asksForHelp = args.Take(2).Any(a => a is "--help" or "-h" or "-?" or "/?" or "/h" or "--version");
if ((chosen is null || chosen == serve) && !asksForHelp)
{
    // All arguments are settings, even a value that equals the name of a command.
    return await ServeCommand.RunAsync(chosen is null ? args : args[1..]);
}

var command = root.Parse(args);
if (command.Errors.Count > 0)
{
    await Console.Error.WriteLineAsync(command.Errors[0].Message.Split('\n')[0].TrimEnd());
    return 2;
}

return await command.InvokeAsync();
