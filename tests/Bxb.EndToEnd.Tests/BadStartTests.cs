using System.Net;
using System.Net.Sockets;
using Bxb.EndToEnd.Tests.Hosting;
using Bxb.Testing;
using Npgsql;

namespace Bxb.EndToEnd.Tests;

/// <summary>A start that cannot be: one line that names the setting, no stack, no secret, and an exit code.</summary>
public sealed class BadStartTests : IDisposable
{
    private const string Secret = "s3cr3t";
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("'servee' is no command", "", "", "servee")]
    [InlineData("--nope is no command", "", "", "--nope=s3cr3t")]
    [InlineData("--Bxbb:Transport is no command", "", "", "--Bxbb:Transport=Kafka")]
    [InlineData("Bxb:AdminToken", "Bxb__AdminToken", "s3cr3t\nx-and-sixteen-characters")]
    [InlineData("Bxb:ClickHouse:Url", "Bxb__ClickHouse__Url", "http://user:a@s3cr3t:c/d@h/")]
    [InlineData("Bxb:Postgres:ConnectionString", "Bxb__Postgres__ConnectionString", "Host=h;Username=u;Password=p;s3cr3t'b\"c=d")]
    [InlineData("Bxb:Trasnport", "Bxb__Trasnport", "s3cr3t")]
    [InlineData("Bxb:EventLog:Writers", "", "", "--Bxb:EventLog:Writers=s3cr3t")]
    [InlineData("--urls (ASPNETCORE_URLS)", "ASPNETCORE_URLS", "s3cr3t")]
    public async Task A_bad_setting_is_one_sentence_and_exit_code_2(string says, string variable, string value, params string[] arguments)
    {
        var (exit, output, error) = await HostProcess.EndAsync(
            variable.Length == 0 ? new Dictionary<string, string>() : new() { [variable] = value }, [.. arguments, $"--Bxb:DataDirectory={_directory.Path}"]);

        exit.ShouldBe(2, output + error);
        output.ShouldBeEmpty();
        CheckLine(error.TrimEnd('\n', '\r'), says);
        Directory.EnumerateFileSystemEntries(_directory.Path).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_data_directory_that_cannot_be_made_is_named()
    {
        var file = Path.Combine(_directory.Path, "file");
        await File.WriteAllTextAsync(file, "");
        await CannotRunAsync("Bxb:DataDirectory: ", $"--Bxb:DataDirectory={file}");
        await CannotRunAsync("Bxb:DataDirectory: ", $"--Bxb:DataDirectory={file}/below");
    }

    [Fact]
    public async Task A_server_of_PostgreSQL_that_cannot_be_used_is_named()
    {
        var good = new NpgsqlConnectionStringBuilder(await TestPostgres.CreateDatabaseAsync());
        await CannotRunAsync("Bxb:Postgres:ConnectionString: PostgreSQL refuses the user or the password (SQLSTATE 28P01).", Setting(good, b => b.Password = Secret));
        await CannotRunAsync("Bxb:Postgres:ConnectionString: PostgreSQL has no such database (SQLSTATE 3D000).", Setting(good, b => b.Database = Secret));
        await CannotRunAsync("Bxb:Postgres:ConnectionString: PostgreSQL cannot be reached: Failed to connect to", Setting(good, b => (b.Host, b.Port, b.Password) = ("127.0.0.1", FreePort(), Secret)));

        static string Setting(NpgsqlConnectionStringBuilder good, Action<NpgsqlConnectionStringBuilder> change)
        {
            var changed = new NpgsqlConnectionStringBuilder(good.ConnectionString);
            change(changed);
            return "--Bxb:Postgres:ConnectionString=" + changed.ConnectionString;
        }
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = $"http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        var postgres = await TestPostgres.CreateDatabaseAsync();
        await CannotRunAsync($"--urls (ASPNETCORE_URLS): Failed to bind to address {address}: address already in use.", $"--urls={address}", $"--Bxb:Postgres:ConnectionString={postgres}");
    }

    [Fact]
    public async Task Keys_are_not_made_with_bad_settings()
    {
        var none = new Dictionary<string, string>();
        var (exit, _, error) = await HostProcess.EndAsync(none, "keys", "create", "--organization", "acme", "--Bxb:EventLog:Writers=" + Secret);
        exit.ShouldBe(2);
        CheckLine(error.TrimEnd(), "Bxb:EventLog:Writers");
        (exit, _, error) = await HostProcess.EndAsync(none, "keys", "create", "--organization", "acme", $"--Bxb:Postgres:ConnectionString=Host=127.0.0.1;Port={FreePort()};Username=u;Password={Secret}");
        exit.ShouldBe(1);
        CheckLine(error.TrimEnd(), "Bxb:Postgres:ConnectionString: PostgreSQL cannot be reached");
    }

    [Theory]
    [InlineData("--url must be like", "import", "a.ndjson", "--url", "http://u:s3cr3t@h/")]
    [InlineData("--url must be like", "replay", "analytics", "--url", "s3cr3t")]
    [InlineData("import does not know --mapp", "import", "a.ndjson", "--mapp")]
    [InlineData("Required argument 'GROUP' missing", "replay")]
    [InlineData("Required command was not provided", "keys")]
    public async Task A_bad_command_line_of_a_verb_is_one_sentence_and_exit_code_2(string says, params string[] arguments)
    {
        var (exit, output, error) = await HostProcess.EndAsync(new Dictionary<string, string>(), arguments);
        exit.ShouldBe(2, output + error);
        output.ShouldBeEmpty();
        CheckLine(error.TrimEnd(), says);
    }

    private async Task CannotRunAsync(string says, params string[] settings)
    {
        var (exit, output, error) = await HostProcess.EndAsync(
            new Dictionary<string, string>(), [$"--urls=http://127.0.0.1:{FreePort()}", $"--Bxb:DataDirectory={_directory.Path}", "--Bxb:ClickHouse:Enabled=false", .. settings]);

        exit.ShouldBe(1, output + error);
        error.ShouldBeEmpty();
        CheckLine(output.Split('\n').Where(line => !line.StartsWith("info:", StringComparison.Ordinal) && line.Length > 0).ShouldHaveSingleItem().TrimEnd(), says);
    }

    private static void CheckLine(string line, string says)
    {
        line.ShouldContain(says);
        line.ShouldNotContain('\n');
        line.ShouldNotContain(Secret);
        line.ShouldNotContain("   at ");
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
