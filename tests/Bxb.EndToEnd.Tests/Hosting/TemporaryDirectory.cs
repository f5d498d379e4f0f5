namespace Bxb.EndToEnd.Tests.Hosting;

/// <summary>A data directory for one test, gone after it.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public TemporaryDirectory()
    {
        Path = Directory.CreateTempSubdirectory("bxb-e2e-").FullName;
        if (!OperatingSystem.IsWindows())
        {
            // Where the tests are root, PostgreSQL's own user has to get in: else the cluster would lie elsewhere and outlive the test.
            File.SetUnixFileMode(Path, (UnixFileMode)0b111_101_101);
        }
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
