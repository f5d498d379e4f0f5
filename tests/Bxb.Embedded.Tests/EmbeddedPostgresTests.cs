using Bxb.Embedded.Processes;
using Bxb.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Bxb.Embedded.Tests;

public sealed class EmbeddedPostgresTests
{
    [Fact]
    public async Task A_second_start_keeps_data_password_and_port()
    {
        var data = await TestDirectories.CreateAsync("second-start");
        string first;
        await using (var server = await StartAsync(data))
        {
            first = server.ConnectionString;
            await ExecuteAsync(first, "create table kept (n int)");
            await ExecuteAsync(first, "insert into kept values (42)");
        }

        await using var again = await StartAsync(data);
        again.ConnectionString.ShouldBe(first);
        (await ScalarAsync(first, "select n from kept")).ShouldBe(42);
        File.GetUnixFileMode(Path.Combine(data, "postgres", "password")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task The_server_is_durable_scram_only_and_on_loopback_alone()
    {
        await using var server = await StartAsync(await TestDirectories.CreateAsync("settings"));
        foreach (var (name, value) in new[]
        {
            ("fsync", "on"), ("synchronous_commit", "on"), ("listen_addresses", "127.0.0.1"), ("unix_socket_directories", ""), ("jit", "off"),
            ("server_encoding", "UTF8"), ("lc_collate", "C"), ("password_encryption", "scram-sha-256"),
        })
        {
            var sql = name == "lc_collate" ? "select datcollate::text from pg_database where datname = current_database()" : $"select current_setting('{name}')";
            (await ScalarAsync(server.ConnectionString, sql)).ShouldBe(value, name);
        }

        (await ScalarAsync(server.ConnectionString, "select count(*) from pg_hba_file_rules where auth_method <> 'scram-sha-256'")).ShouldBe(0L);
        Listeners.AddressesOf(new NpgsqlConnectionStringBuilder(server.ConnectionString).Port).ShouldBe(["127.0.0.1"]);
    }

    [Fact]
    public async Task A_wrong_password_is_refused()
    {
        await using var server = await StartAsync(await TestDirectories.CreateAsync("wrong-password"));
        var wrong = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Password = "guess", Pooling = false }.ConnectionString;
        (await Should.ThrowAsync<PostgresException>(() => ScalarAsync(wrong, "select 1"))).SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);
    }

    [Fact]
    public async Task A_second_server_on_the_same_directory_is_refused_and_the_first_goes_on()
    {
        var data = await TestDirectories.CreateAsync("twice");
        await using var server = await StartAsync(data);
        var refused = await Should.ThrowAsync<EmbeddedEngineException>(() => StartAsync(data));
        refused.Message.ShouldContain($"process {Environment.ProcessId}");
        (await ScalarAsync(server.ConnectionString, "select 1")).ShouldBe(1);
    }

    [Theory]
    [InlineData(Libc.SigKill)]
    [InlineData(Libc.SigQuit)]
    [InlineData(Libc.SigInt)]
    public async Task A_server_that_dies_is_restarted_and_answers_on_the_same_connection_string(int signal)
    {
        await using var server = await StartAsync(await TestDirectories.CreateAsync("dies"));
        await ExecuteAsync(server.ConnectionString, "create table kept (n int)");
        var committed = 0;
        for (var death = 1; death <= 2; death++)
        {
            await ExecuteAsync(server.ConnectionString, "insert into kept values (1)");
            committed++;
            Libc.Signal(server.ProcessId!.Value, signal).ShouldBeTrue();
            await Eventually.HoldsAsync(() => server.Restarts == death && server.ProcessId is not null);
            (await ScalarAsync(server.ConnectionString, "select count(*) from kept")).ShouldBe((long)committed);
        }
    }

    [Fact]
    public async Task Nothing_runs_after_a_stop()
    {
        var data = await TestDirectories.CreateAsync("stopped");
        int pid;
        await using (var server = await StartAsync(data))
        {
            pid = server.ProcessId!.Value;
            // An open connection with a transaction does not hold the stop up.
            await using var connection = new NpgsqlConnection(server.ConnectionString + ";Pooling=false");
            await connection.OpenAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await server.DisposeAsync();
        }

        Libc.IsAlive(pid).ShouldBeFalse();
        RunningProcesses.WithWorkingFolder(Path.Combine(data, "postgres", "cluster")).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_initdb_that_was_cut_off_is_done_again()
    {
        var data = await TestDirectories.CreateAsync("cut-off");
        var draft = Path.Combine(data, "postgres", "cluster.initdb", "cluster");
        Directory.CreateDirectory(draft);
        await File.WriteAllTextAsync(Path.Combine(draft, "PG_VERSION"), "18");
        await using var server = await StartAsync(data);
        (await ScalarAsync(server.ConnectionString, "select 1")).ShouldBe(1);
        Directory.Exists(Path.GetDirectoryName(draft)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_stale_pid_file_is_no_obstacle_even_when_its_id_is_somebody_elses()
    {
        var data = await TestDirectories.CreateAsync("stale");
        await using (var server = await StartAsync(data))
        {
            await ExecuteAsync(server.ConnectionString, "create table kept (n int)");
        }

        var cluster = Path.Combine(data, "postgres", "cluster");
        await File.WriteAllTextAsync(Path.Combine(cluster, "postmaster.pid"), $"{Environment.ProcessId}\n{cluster}\n1\n1\n\n127.0.0.1\n");
        await using var again = await StartAsync(data);
        (await ScalarAsync(again.ConnectionString, "select count(*) from kept")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_folder_that_is_no_cluster_is_left_alone_and_named()
    {
        var data = await TestDirectories.CreateAsync("no-cluster");
        var file = Path.Combine(data, "postgres", "cluster", "letters.txt");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllTextAsync(file, "mine");
        (await Should.ThrowAsync<EmbeddedEngineException>(() => StartAsync(data))).Message.ShouldContain("neither empty nor a PostgreSQL cluster");
        (await File.ReadAllTextAsync(file)).ShouldBe("mine");
    }

    [Fact]
    public async Task A_setting_that_the_server_refuses_ends_the_start_with_its_own_words()
    {
        var data = await TestDirectories.CreateAsync("bad-setting");
        var options = new EmbeddedPostgresOptions { DataDirectory = data, Settings = new Dictionary<string, string> { ["work_mem"] = "a lot" } };
        var refused = await Should.ThrowAsync<EmbeddedEngineException>(() => EmbeddedPostgres.StartAsync(options, NullLoggerFactory.Instance, CancellationToken.None));
        refused.Message.ShouldContain("work_mem");
        using (DataDirectoryLock.Acquire(Path.Combine(data, "postgres")))
        {
        }
    }

    [Fact]
    public async Task A_data_directory_behind_a_closed_folder_works_and_is_removed_whole()
    {
        // As with a checkout in a folder of mktemp: the server's user may not pass, and the cluster has to lie elsewhere.
        var closed = await TestDirectories.CreateAsync("closed");
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var data = Path.Combine(closed, "data");
        await using (var server = await StartAsync(data))
        {
            await ExecuteAsync(server.ConnectionString, "create table kept (n int)");
        }

        var elsewhere = new FileInfo(Path.Combine(data, "postgres", "cluster")).LinkTarget;
        (elsewhere is not null).ShouldBe(Environment.IsPrivilegedProcess);
        await using (var again = await StartAsync(data))
        {
            (await ScalarAsync(again.ConnectionString, "select count(*) from kept")).ShouldBe(0L);
            await Should.ThrowAsync<EmbeddedEngineException>(() => EmbeddedPostgres.RemoveAsync(data, CancellationToken.None));
        }

        await EmbeddedPostgres.RemoveAsync(data, CancellationToken.None);
        Directory.Exists(elsewhere ?? Path.Combine(data, "postgres")).ShouldBeFalse();
    }

    private static Task<EmbeddedPostgres> StartAsync(string data) =>
        EmbeddedPostgres.StartAsync(new EmbeddedPostgresOptions { DataDirectory = data, SharedBuffersBytes = 16 << 20 }, NullLoggerFactory.Instance, CancellationToken.None);

    private static async Task ExecuteAsync(string connectionString, string sql) => await ScalarAsync(connectionString, sql);

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
