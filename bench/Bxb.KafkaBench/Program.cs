using System.CommandLine;
using Bxb.KafkaBench;

// The engines are stopped when it is told to end; that may take longer than the two seconds that are the default.
return await BenchCommand.Create().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
