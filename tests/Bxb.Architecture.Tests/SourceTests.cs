using System.Text.RegularExpressions;

namespace Bxb.Architecture.Tests;

/// <summary>House rules that no analyzer holds.</summary>
public sealed partial class SourceTests
{
    private const int MaxLines = 400;

    /// <summary>Judges the exceptions of consumers, which may use any driver.</summary>
    private const string JudgeOfConsumers = "TransientFaults";

    [Fact]
    public void No_file_is_longer_than_a_reader_bears()
        => Repository.SourceFiles.Where(f => Lines(Repository.Read(f)) > MaxLines).ShouldBeEmpty();

    [Fact]
    public void A_file_that_is_too_long_would_be_found() => Lines(new string('\n', MaxLines + 1)).ShouldBeGreaterThan(MaxLines);

    [Fact]
    public void No_folder_or_file_is_named_after_leftovers()
        => Repository.SourceFiles.Where(f => Leftovers().IsMatch(f)).ShouldBeEmpty();

    [Theory]
    [InlineData("src/X/Common/A.cs", true)]
    [InlineData("src/X/StringHelpers.cs", true)]
    [InlineData("src/X/Uncommon.cs", false)]
    public void Leftovers_are_told_by_their_names(string path, bool isLeftover) => Leftovers().IsMatch(path).ShouldBe(isLeftover);

    [Fact]
    public void Namespaces_follow_folders()
    {
        foreach (var project in Repository.Projects)
        {
            foreach (var file in Repository.SourceFiles.Where(f => Path.Combine(Repository.Root, f).StartsWith(project.Folder + Path.DirectorySeparatorChar, StringComparison.Ordinal)))
            {
                var folder = Path.GetRelativePath(project.Folder, Path.GetDirectoryName(Path.Combine(Repository.Root, file))!);
                var expected = folder == "." ? project.Name : $"{project.Name}.{folder.Replace(Path.DirectorySeparatorChar, '.')}";
                var declared = Namespace().Match(Repository.Read(file));
                if (declared.Success)
                {
                    declared.Groups[1].Value.ShouldBe(expected, file);
                }
            }
        }
    }

    [Fact]
    public void Nothing_is_left_for_later_and_no_error_is_swallowed()
        => Repository.SourceFiles.Where(f => Unfinished().IsMatch(Repository.Read(f))).ShouldBeEmpty();

    [Theory]
    [InlineData("// TO" + "DO: later", true)]
    [InlineData("throw new NotImplemented" + "Exception();", true)]
    [InlineData("catch (Exception)\n{\n}", true)]
    [InlineData("catch { }", true)]
    [InlineData("catch\n{\n    // why\n}", false)]
    public void Unfinished_code_is_told(string code, bool isUnfinished) => Unfinished().IsMatch(code).ShouldBe(isUnfinished);

    [Fact]
    public void Clocks_and_blocking_calls_are_banned_everywhere()
    {
        var banned = Repository.Read("BannedSymbols.txt");
        foreach (var symbol in new[] { "P:System.DateTime.UtcNow", "P:System.DateTimeOffset.UtcNow", "Thread.Sleep", "Task`1.Result", "HttpClient.#ctor" })
        {
            banned.ShouldContain(symbol);
        }

        var props = Repository.Read("Directory.Build.props");
        props.ShouldContain("<AdditionalFiles Include=\"$(MSBuildThisFileDirectory)BannedSymbols.txt\"");
        props.ShouldContain("Microsoft.CodeAnalysis.BannedApiAnalyzers");
        props.ShouldContain("<TreatWarningsAsErrors>true</TreatWarningsAsErrors>");
        Repository.Read(".editorconfig").ShouldContain("dotnet_diagnostic.RS0030.severity = error");
        Repository.SourceFiles.Where(f => Repository.Read(f).Contains("RS0030", StringComparison.Ordinal)).ShouldBeEmpty();
        foreach (var project in Repository.Projects)
        {
            File.ReadAllText(Path.Combine(project.Folder, project.Name + ".csproj")).ShouldNotContain("RS0030");
        }
    }

    [Fact]
    public void Admin_requests_to_Kafka_go_through_the_one_client_that_asks_first_whether_a_broker_answers()
        => Repository.SourceFiles.Where(f => Repository.Read(f).Contains("new AdminClientBuilder(", StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldEndWith("KafkaAdmin.cs");

    [Fact]
    public void Modules_map_their_calls_in_the_one_style()
        => Repository.SourceFiles.Where(f => f.StartsWith(Path.Combine("src", "Modules"), StringComparison.Ordinal) && OtherEndpoints().IsMatch(Repository.Read(f))).ShouldBeEmpty();

    [Theory]
    [InlineData("endpoints.MapGet(\"/v1/x\", AnswerAsync)", true)]
    [InlineData("context.RequestServices.GetRequiredService<X>()", true)]
    [InlineData("IMediator mediator", true)]
    [InlineData("endpoints.MapCall<GetX>(HttpMethods.Get, \"/v1/x\")", false)]
    public void Other_styles_of_endpoint_are_found(string code, bool isOther) => OtherEndpoints().IsMatch(code).ShouldBe(isOther);

    [Fact]
    public void The_event_log_is_read_by_its_methods_and_only_the_compiler_of_usage_queries_has_SQL_on_it_elsewhere()
        => Repository.SourceFiles
            .Where(f => !f.Contains("Bxb.EventLog" + Path.DirectorySeparatorChar, StringComparison.Ordinal) && EventLogSql().IsMatch(Repository.Read(f)))
            .ShouldHaveSingleItem().ShouldEndWith("PostgresCompiler.cs");

    [Theory]
    [InlineData("select min(position) from event_log.events", true)]
    [InlineData("insert into event_log.events (position)", true)]
    [InlineData("/// The table event_log.events has the rows.", false)]
    public void SQL_on_the_event_log_is_found(string code, bool isSql) => EventLogSql().IsMatch(code).ShouldBe(isSql);

    [Fact]
    public void Errors_of_the_driver_are_named_in_the_event_log_only()
        => Repository.SourceFiles
            .Where(f => !f.Contains("Bxb.EventLog" + Path.DirectorySeparatorChar, StringComparison.Ordinal) && DriverErrors().IsMatch(Repository.Read(f)))
            .Select(f => Path.GetFileNameWithoutExtension(f)).ShouldBe([JudgeOfConsumers]);

    [Theory]
    [InlineData("catch (NpgsqlException e)", true)]
    [InlineData("cause is PostgresException { SqlState: \"40001\" }", true)]
    [InlineData("catch (DbException)", true)]
    [InlineData("catch (DbUpdateException)", false)]
    public void Errors_of_the_driver_are_found(string code, bool isNamed) => DriverErrors().IsMatch(code).ShouldBe(isNamed);

    private static int Lines(string text) => text.Count(c => c == '\n');

    [GeneratedRegex(@"(Common|Helpers?|Utils?|Utilities|Shared)(\.cs|/|\\)", RegexOptions.CultureInvariant)]
    private static partial Regex Leftovers();

    [GeneratedRegex(@"\.Map(Get|Post|Put|Patch|Delete|Methods)\(|\bRequestServices\b|\bIMediator\b", RegexOptions.CultureInvariant)]
    private static partial Regex OtherEndpoints();

    [GeneratedRegex(
        @"\b(from|join|into|update)\s+event_log\.(events|event_keys|event_partitions|position_seq|spans|postings|customer_postings)\b",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EventLogSql();

    [GeneratedRegex(@"\b(NpgsqlException|PostgresException|DbException)\b", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex DriverErrors();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\bTODO\b|\bFIXME\b|NotImplementedException|catch\s*(\([^)]*\))?\s*(when\s*\([^{]*\))?\s*\{\s*\}", RegexOptions.CultureInvariant)]
    private static partial Regex Unfinished();
}
