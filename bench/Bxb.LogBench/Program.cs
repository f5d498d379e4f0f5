using System.CommandLine;
using Bxb.LogBench;

var events = new Option<int>("--events") { Description = "Events in the log.", DefaultValueFactory = _ => 1_000_000 };
var customers = new Option<int>("--customers") { Description = "Customers of the appended events.", DefaultValueFactory = _ => 10_000 };
var directory = new Option<string>("--data-directory") { Description = "Where the embedded PostgreSQL keeps the log; removed at the end.", DefaultValueFactory = _ => Path.Combine(Path.GetTempPath(), "bxb-log-bench") };
var pages = new Command("pages", "How long a page of the event list takes, by filter: while spans are summarized, and after.") { events, directory };
pages.SetAction((parsed, cancellationToken) => PagesRun.RunAsync(parsed.GetValue(directory)!, parsed.GetValue(events), cancellationToken));
var append = new Command("append", "How many events a second are appended, 16 senders with blocks of 100.") { events, customers, directory };
append.SetAction((parsed, cancellationToken) => AppendRun.RunAsync(parsed.GetValue(directory)!, parsed.GetValue(events), parsed.GetValue(customers), cancellationToken));
var root = new RootCommand("Measures the event log by itself, on an embedded PostgreSQL.") { pages, append };
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(60) });
