namespace Bxb.Architecture.Tests;

/// <summary>No line of C# is longer than the limit in .editorconfig, which no compiler holds.</summary>
public sealed class LineLengthTests
{
    private const int MaxColumns = 200;

    /// <summary>Files that still have longer lines. Add none; remove a file when its lines fit.</summary>
    private static readonly string[] KnownFiles =
    [
        "bench/Bxb.KafkaBench/BenchCommand.cs",
        "bench/Bxb.KafkaBench/BenchReport.cs",
        "bench/Bxb.KafkaBench/RelayProcess.cs",
        "bench/Bxb.LoadTest/Checks/Agreement.cs",
        "bench/Bxb.LoadTest/LoadCommand.cs",
        "bench/Bxb.LoadTest/LoadSettings.cs",
        "bench/Bxb.LoadTest/Probe/Observer.cs",
        "bench/Bxb.LoadTest/Report/ReportWriter.cs",
        "bench/Bxb.LoadTest/Target/Usage.cs",
        "bench/Bxb.LogBench/AppendRun.cs",
        "bench/Bxb.LogBench/PagesRun.cs",
        "bench/Bxb.LogBench/Program.cs",
        "tests/Bxb.Analytics.Tests/Cases/AggregationCases.cs",
        "tests/Bxb.Analytics.Tests/Cases/CarryCases.cs",
        "tests/Bxb.Analytics.Tests/Cases/CountProjectionTests.cs",
        "tests/Bxb.Analytics.Tests/Cases/DifferentialTests.cs",
        "tests/Bxb.Analytics.Tests/Cases/ExpressionCases.cs",
        "tests/Bxb.Analytics.Tests/Cases/HeavyQueryTests.cs",
        "tests/Bxb.Analytics.Tests/Cases/NaiveUsage.cs",
        "tests/Bxb.Analytics.Tests/Cases/NumberCases.cs",
        "tests/Bxb.Analytics.Tests/Cases/TextCases.cs",
        "tests/Bxb.Analytics.Tests/Cases/WindowCases.cs",
        "tests/Bxb.Analytics.Tests/Http/UsageApiTests.cs",
        "tests/Bxb.Analytics.Tests/Http/UsageHost.cs",
        "tests/Bxb.Analytics.Tests/Loading/HostileDocuments.cs",
        "tests/Bxb.Analytics.Tests/Loading/InterleavingTests.cs",
        "tests/Bxb.Analytics.Tests/Loading/LoaderUnderTest.cs",
        "tests/Bxb.Analytics.Tests/Queries/WindowPlanTests.cs",
        "tests/Bxb.Analytics.Tests/Schema/EpochMigrationTests.cs",
        "tests/Bxb.ClickHouse.Tests/EngineTests.cs",
        "tests/Bxb.EndToEnd.Tests/BadStartTests.cs",
        "tests/Bxb.EndToEnd.Tests/Contract/AnswerShapeTests.cs",
        "tests/Bxb.EndToEnd.Tests/Contract/HostileInputTests.cs",
        "tests/Bxb.EndToEnd.Tests/DeadLetterTests.cs",
        "tests/Bxb.EndToEnd.Tests/IsolationTests.cs",
        "tests/Bxb.EndToEnd.Tests/Kafka/Pipeline.cs",
        "tests/Bxb.EndToEnd.Tests/Kafka/ShadowReplayTests.cs",
        "tests/Bxb.EndToEnd.Tests/Kills/SteadyLoad.cs",
        "tests/Bxb.EndToEnd.Tests/Outages/EveryCall.cs",
        "tests/Bxb.EndToEnd.Tests/Outages/PostgresOutageTests.cs",
        "tests/Bxb.EndToEnd.Tests/ReplayTests.cs",
        "tests/Bxb.EndToEnd.Tests/StopTests.cs",
        "tests/Bxb.EndToEnd.Tests/TourTests.cs",
        "tests/Bxb.Ingestion.Tests/Http/BadBodyTests.cs",
        "tests/Bxb.Ingestion.Tests/Http/PostBatchTests.cs",
        "tests/Bxb.Ingestion.Tests/Http/PostEventTests.cs",
        "tests/Bxb.Ingestion.Tests/Reading/BatchReaderAllocationTests.cs",
        "tests/Bxb.Ingestion.Tests/Requests.cs",
        "tests/Bxb.Ingestion.Tests/Rules/TimestampPropertyTests.cs",
        "tests/Bxb.Management.Tests/OpenApiTests.cs",
        "tests/Bxb.Riders.Kafka.Tests/Brokers/KafkaNodeTests.cs",
        "tests/Bxb.Riders.Kafka.Tests/Compliance/PlainRelay.cs",
        "tests/Bxb.Riders.Kafka.Tests/DeadLetters/DeadLetterPublisherTests.cs",
        "tests/Bxb.Riders.Kafka.Tests/KafkaOptionsTests.cs",
        "tests/Bxb.Riders.Kafka.Tests/Records/HostileEvents.cs",
        "tests/Bxb.Riders.Kafka.Tests/Records/UsageEventReaderTests.cs",
        "tests/Bxb.Riders.Kafka.Tests/Relay/OversizedRecordTests.cs",
        "tests/Bxb.Riders.Kafka.Tests/Relay/RelayTopicTests.cs",
        "tests/Bxb.Riders.Kafka.Tests/Topics/TopicSetupTests.cs",
    ];

    [Fact]
    public void Lines_fit_the_limit()
        => Repository.CodeFiles.Where(f => LongLines(Repository.Read(f)).Any()).ShouldBe(KnownFiles);

    [Fact]
    public void The_limit_is_that_of_the_editor_configuration() => Repository.Read(".editorconfig").ShouldContain($"max_line_length = {MaxColumns}\n");

    [Fact]
    public void A_line_that_is_too_long_is_found() => LongLines($"short\n{new string('x', MaxColumns)}\r\n{new string('x', MaxColumns + 1)}\n").ShouldBe([3]);

    private static IEnumerable<int> LongLines(string text)
        => text.Split('\n').Select((line, i) => (line.TrimEnd('\r').Length, Number: i + 1)).Where(l => l.Length > MaxColumns).Select(l => l.Number);
}
