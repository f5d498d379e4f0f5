using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Bxb.Host.Cli.Import;

namespace Bxb.Host.Tests.Cli.Import;

/// <summary>A fake host, a directory for files, and an import of one of them.</summary>
public abstract class ImportFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("bxb-import-");
    private FakeIngest? _host;

    private protected FakeIngest Host => _host!;

    private protected ConcurrentQueue<string> Reports { get; } = new();

    private protected IEnumerable<JsonElement> Received => Host.Events.Values.Select(e => JsonDocument.Parse(e).RootElement);

    public async Task InitializeAsync() => _host = await FakeIngest.StartAsync();

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    private protected Task<FileInfo> WriteAsync(string name, string content) => WriteAsync(name, Encoding.UTF8.GetBytes(content));

    private protected async Task<FileInfo> WriteAsync(string name, byte[] content)
    {
        var file = new FileInfo(Path.Combine(_directory.FullName, name));
        await File.WriteAllBytesAsync(file.FullName, content);
        return file;
    }

    private protected ImportSettings Settings(FileInfo file) => new()
    {
        File = file,
        FileId = file.Name,
        Url = Host.Url,
        ApiKey = FakeIngest.Key,
        Format = ImportSettings.FormatOf(file.Name),
        RetryFor = TimeSpan.FromSeconds(60),
    };

    private protected async Task<ImportResult> ImportAsync(ImportSettings settings, CancellationToken cancellationToken = default)
    {
        Reports.Clear();
        return await new ImportRun(settings.Checked(), new ImportTally(Reports.Enqueue), TimeProvider.System).RunAsync(cancellationToken);
    }

    private protected Task<ImportResult> ImportAsync(FileInfo file) => ImportAsync(Settings(file));

    private protected static string Event(int id, string more = "") => $$$"""{"transaction_id":"t-{{{id}}}","external_customer_id":"c","code":"calls"{{{more}}}}""";

    private protected static string Events(int count) => string.Concat(Enumerable.Range(1, count).Select(i => Event(i) + "\n"));
}
