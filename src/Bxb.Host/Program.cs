using System.CommandLine;
using Bxb.Host;
using Bxb.Host.Import;
using Bxb.Host.Keys;
using Bxb.Host.Replay;
using Bxb.Host.Serving;

// Settings such as --urls or --Bxb:DataDirectory=... belong to the configuration, so what the command line does not know is left to it.
var root = new RootCommand("Bxb takes usage events in, never loses one, never counts one twice, and answers how much was used.") { TreatUnmatchedTokensAsErrors = false };
var serve = new Command("serve", "Runs the host; the default.") { TreatUnmatchedTokensAsErrors = false };
serve.SetAction((parsed, _) => ServeCommand.RunAsync([.. parsed.UnmatchedTokens]));
root.SetAction((parsed, _) => ServeCommand.RunAsync([.. parsed.UnmatchedTokens]));
root.Subcommands.Add(serve);
root.Subcommands.Add(ImportCommand.Create());
root.Subcommands.Add(ReplayCommand.Create());
root.Subcommands.Add(KeysCommand.Create());
var version = new Command("version", "Prints the version.");
version.SetAction((parsed, _) => parsed.InvocationConfiguration.Output.WriteLineAsync(HostVersion.Text));
root.Subcommands.Add(version);

var command = root.Parse(args);
var serving = command.CommandResult.Command == root || command.CommandResult.Command == serve;
// A host stops by its own rules and takes the time that they need; a verb is cancelled by Ctrl-C and given two seconds.
return await command.InvokeAsync(serving ? new InvocationConfiguration { ProcessTerminationTimeout = null } : new InvocationConfiguration());
