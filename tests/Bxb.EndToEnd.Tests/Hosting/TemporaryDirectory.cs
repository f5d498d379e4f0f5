namespace Bxb.EndToEnd.Tests.Hosting;

/// <summary>A data directory for one test, gone after it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory() => Path = Directory.CreateTempSubdirectory("bxb-e2e-").FullName;

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
