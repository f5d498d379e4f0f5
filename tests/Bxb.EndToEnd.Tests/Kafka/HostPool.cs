using System.Collections.Immutable;
using Bxb.EndToEnd.Tests.Hosting;

namespace Bxb.EndToEnd.Tests.Kafka;

/// <summary>The hosts that take load just now: each request goes to any of them. Disposing leaves them running. Thread-safe.</summary>
/// <param name="timeout">How long a request may take before its sender tries another host.</param>
internal sealed class HostPool(TimeSpan timeout) : IDisposable
{
    private readonly List<HttpClient> _made = [];
    private ImmutableArray<(HostProcess Host, HttpClient Client)> _hosts = [];

    /// <summary>The hosts.</summary>
    public IReadOnlyList<HostProcess> Hosts => [.. _hosts.Select(h => h.Host)];

    /// <summary>Any host's client, with its key.</summary>
    public HttpClient Client()
    {
        var hosts = _hosts;
        return hosts[Random.Shared.Next(hosts.Length)].Client;
    }

    public void Add(HostProcess host)
    {
        var client = host.ClientWith(host.ApiKey, timeout);
        _made.Add(client);
        _hosts = _hosts.Add((host, client));
    }

    public void Remove(HostProcess host) => _hosts = _hosts.RemoveAll(h => h.Host == host);

    public void Replace(HostProcess old, HostProcess with)
    {
        Add(with);
        Remove(old);
    }

    public void Dispose() => _made.ForEach(client => client.Dispose());
}
