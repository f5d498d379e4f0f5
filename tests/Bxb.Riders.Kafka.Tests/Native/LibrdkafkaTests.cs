using System.Diagnostics;
using Bxb.Riders.Kafka.Native;
using Bxb.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Bxb.Riders.Kafka.Tests.Native;

/// <summary>The native library: found, or built, and loaded; and what is said when it cannot be.</summary>
public sealed class LibrdkafkaTests
{
    [Fact]
    public async Task The_library_that_the_binding_was_made_for_is_loaded_by_whoever_asks_first()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Librdkafka.EnsureLoadedAsync(NullLogger.Instance, CancellationToken.None))));

        Library.VersionString.ShouldBe("2.15.1");
        Library.VersionString.ShouldBe(Librdkafka.Version);
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = "127.0.0.1:1", LogQueue = false }).SetLogHandler((_, _) => { }).Build();
        producer.Name.ShouldStartWith("rdkafka#");
    }

    [Fact]
    public async Task Without_a_compiler_one_sentence_says_what_to_install()
    {
        var cache = await TestDirectories.CreateAsync("librdkafka");
        var command = LibrdkafkaBuild.Command();
        command.FileName = await NodeAsync();
        command.Environment["PATH"] = "";
        command.Environment["BXB_ENGINE_CACHE"] = cache;

        var refused = await Should.ThrowAsync<KafkaLibraryException>(LibrdkafkaBuild.RunAsync(command, NullLogger.Instance, CancellationToken.None));

        refused.Message.ShouldStartWith("librdkafka 2.15.1 could not be built: a C compiler, bash, tar, make, strip, npm cannot be found on this machine. Install them");
        refused.Message.ShouldNotContain(Environment.NewLine);
        Directory.GetFileSystemEntries(cache).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_registry_it_says_so_and_leaves_nothing_behind()
    {
        var cache = await TestDirectories.CreateAsync("librdkafka");
        var npm = Path.Combine(await TestDirectories.CreateAsync("path"), "npm");
        await File.WriteAllTextAsync(npm, "#!/bin/sh\necho 'getaddrinfo ENOTFOUND registry' >&2\nexit 1\n");
        File.SetUnixFileMode(npm, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var command = LibrdkafkaBuild.Command();
        command.Environment["PATH"] = $"{Path.GetDirectoryName(npm)}:{Environment.GetEnvironmentVariable("PATH")}";
        command.Environment["BXB_ENGINE_CACHE"] = cache;

        var refused = await Should.ThrowAsync<KafkaLibraryException>(LibrdkafkaBuild.RunAsync(command, NullLogger.Instance, CancellationToken.None));

        refused.Message.ShouldBe("librdkafka 2.15.1 could not be built: npm ended with 1: getaddrinfo ENOTFOUND registry");
        Directory.GetFileSystemEntries(cache).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_node_the_host_says_what_to_install()
    {
        var command = LibrdkafkaBuild.Command();
        command.FileName = "/nowhere/node";

        var refused = await Should.ThrowAsync<KafkaLibraryException>(LibrdkafkaBuild.RunAsync(command, NullLogger.Instance, CancellationToken.None));

        refused.Message.ShouldContain("Node.js, which runs the script that builds it, could not be started");
        refused.Message.ShouldContain("apt-get install");
        refused.Message.ShouldContain(Librdkafka.CacheFolder);
    }

    [Fact]
    public async Task A_library_beside_the_application_goes_first_and_an_unfinished_one_in_the_cache_is_none()
    {
        var application = await TestDirectories.CreateAsync("application");
        var cache = await TestDirectories.CreateAsync("librdkafka");
        await File.WriteAllTextAsync(Path.Combine(cache, "librdkafka.so"), "");
        Librdkafka.Find(application, cache).ShouldBeNull();

        await File.WriteAllTextAsync(Path.Combine(cache, ".complete"), "");
        Librdkafka.Find(application, cache).ShouldBe(Path.Combine(cache, "librdkafka.so"));

        await File.WriteAllTextAsync(Path.Combine(application, "librdkafka.so"), "");
        Librdkafka.Find(application, cache).ShouldBe(Path.Combine(application, "librdkafka.so"));
    }

    private static async Task<string> NodeAsync()
    {
        using var node = Process.Start(new ProcessStartInfo("node", ["-p", "process.execPath"]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        return (await node.StandardOutput.ReadToEndAsync()).Trim();
    }
}
