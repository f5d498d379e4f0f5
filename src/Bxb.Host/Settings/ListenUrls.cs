using Bxb.Modularity.Settings;

namespace Bxb.Host.Settings;

/// <summary>Checks the addresses of the web server before the engines start. ASP.NET Core reads them after that.</summary>
internal static class ListenUrls
{
    /// <summary>Checks <c>urls</c>, which is <c>--urls</c> or <c>ASPNETCORE_URLS</c>.</summary>
    /// <exception cref="SettingsException">An address is malformed.</exception>
    public static void Check(IConfiguration configuration)
    {
        var urls = configuration[WebHostDefaults.ServerUrlsKey] ?? "";
        if (!urls.Split(';', StringSplitOptions.RemoveEmptyEntries).All(IsAddress))
        {
            throw new SettingsException(
                ["--urls (ASPNETCORE_URLS): must be addresses such as http://localhost:8080, separated by semicolons. A path before the paths of calls is set by Bxb:PathBase."]);
        }
    }

    private static bool IsAddress(string url)
    {
        try
        {
            var address = BindingAddress.Parse(url.Trim());
            return address.Scheme.ToUpperInvariant() is "HTTP" or "HTTPS"
                && (address.IsUnixPipe || address.IsNamedPipe || (address.PathBase.Length == 0 && address.Port is >= 0 and <= System.Net.IPEndPoint.MaxPort));
        }
        catch (FormatException)
        {
            return false;
        }
    }
}
