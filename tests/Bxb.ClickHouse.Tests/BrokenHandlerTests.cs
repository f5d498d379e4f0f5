using System.Net.Sockets;

namespace Bxb.ClickHouse.Tests;

public sealed class BrokenHandlerTests
{
    [Fact]
    public async Task A_connection_that_is_reset_while_it_is_made_is_a_failure_that_passes()
    {
        // The connection pool asks a socket for its other end after the other end has gone, and lets the socket's exception through.
        using var client = new ClickHouseClient(new ClickHouseOptions { Url = new Uri("http://localhost:1/") }, new Resetting());
        (await Should.ThrowAsync<ClickHouseException>(() => client.ExecuteAsync(new ClickHouseStatement("SELECT 1")))).IsTransient.ShouldBeTrue();
        (await Should.ThrowAsync<ClickHouseException>(() => client.SyncAsync())).IsTransient.ShouldBeTrue();
    }

    private sealed class Resetting : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new SocketException((int)SocketError.NotConnected);
    }
}
