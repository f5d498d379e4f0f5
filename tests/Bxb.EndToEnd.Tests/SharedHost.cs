using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests;

/// <summary>One host for all tests that only talk to it. Each test uses codes and customers of its own.</summary>
public sealed class SharedHost : IAsyncLifetime
{
    internal const string AdminToken = "admin-token-of-the-tests";

    /// <summary>The path that a proxy in front of the host would not strip; calls without it are answered, too.</summary>
    internal const string PathBase = "/usage/bxb";

    private readonly TemporaryDirectory _directory = new();

    internal HostProcess Host { get; private set; } = null!;

    internal HttpClient Client => Host.Client;

    // The line end is one that a secret from a file has.
    public async Task InitializeAsync() => Host = await HostProcess.StartAsync(_directory.Path, $"--Bxb:AdminToken={AdminToken}\n", "--Bxb:PathBase", PathBase);

    public async Task DisposeAsync()
    {
        await Host.DisposeAsync();
        _directory.Dispose();
    }

    /// <summary>Makes an organization and a key for it.</summary>
    internal async Task<string> OrganizationAsync(string name)
    {
        var (status, made) = await Client.SendAsync(HttpMethod.Post, "/v1/organizations", $$"""{"name": "{{name}}"}""", AdminToken);
        status.ShouldBe(201, made.ToJsonString());
        var (keyStatus, key) = await Client.SendAsync(HttpMethod.Post, $"/v1/organizations/{made["id"]}/api_keys", "{}", AdminToken);
        keyStatus.ShouldBe(201, key.ToJsonString());
        return key["key"]!.GetValue<string>();
    }
}

/// <summary>Tests that share the host run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class SharedHostCollection : ICollectionFixture<SharedHost>
{
    public const string Name = "shared host";
}
