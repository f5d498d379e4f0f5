using System.Net.NetworkInformation;

namespace Bxb.Embedded.Tests;

/// <summary>Which addresses of this machine a port is listened to on.</summary>
internal static class Listeners
{
    public static string[] AddressesOf(int port) =>
        [.. IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(l => l.Port == port).Select(l => l.Address.ToString()).Distinct().Order()];
}
