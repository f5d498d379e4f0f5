using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests;

/// <summary>One host for all tests that only talk to it. Each test uses codes and customers of its own.</summary>
public sealed class SharedHost : IAsyncLifetime
{
    internal const string AdminToken = "admin-token-of-the-tests";
    private readonly TemporaryDirectory _directory = new();

    internal HostProcess Host { get; private set; } = null!;

    internal HttpClient Client => Host.Client;

    public async Task InitializeAsync() => Host = await HostProcess.StartAsync(_directory.Path, $"--Bxb:AdminToken={AdminToken}");

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
