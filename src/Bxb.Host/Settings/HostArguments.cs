using System.Globalization;
using Bxb.Modularity.Settings;

namespace Bxb.Host.Settings;

/// <summary>
/// Refuses arguments that are not settings. ASP.NET Core reads <c>--key=value</c>, <c>--key value</c> and <c>key=value</c>, with <c>/</c> for <c>--</c>, and ignores arguments that it cannot read or
/// does not know.
/// </summary>
internal static class HostArguments
{
    private static readonly HashSet<string> Sections = new(StringComparer.OrdinalIgnoreCase) { "Bxb", "Logging", "Kestrel", "Metrics", "hostBuilder" };

    /// <summary>Keys of ASP.NET Core outside sections.</summary>
    private static readonly HashSet<string> Keys = new(StringComparer.OrdinalIgnoreCase)
    {
        WebHostDefaults.ServerUrlsKey, WebHostDefaults.HttpPortsKey, WebHostDefaults.HttpsPortsKey, WebHostDefaults.PreferHostingUrlsKey, WebHostDefaults.EnvironmentKey,
        WebHostDefaults.ContentRootKey, WebHostDefaults.WebRootKey, WebHostDefaults.ApplicationKey, WebHostDefaults.ShutdownTimeoutKey, WebHostDefaults.DetailedErrorsKey,
        WebHostDefaults.CaptureStartupErrorsKey, WebHostDefaults.SuppressStatusMessagesKey, WebHostDefaults.PreventHostingStartupKey, WebHostDefaults.HostingStartupAssembliesKey,
        WebHostDefaults.HostingStartupExcludeAssembliesKey, "AllowedHosts", "ForwardedHeaders_Enabled",
    };

    /// <summary>Refuses the first argument that is not a setting.</summary>
    /// <exception cref="SettingsException">Its key is unknown, or it has no value. The message has no value, and a key only where it cannot be part of a value.</exception>
    public static void Check(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            var start = argument.StartsWith("--", StringComparison.Ordinal) ? 2 : argument.StartsWith('/') ? 1 : 0;
            var end = argument.IndexOf('=', StringComparison.Ordinal);
            var key = argument[start..Math.Max(start, end < 0 ? argument.Length : end)];
            if ((start == 0 && end < 0) || !IsKnown(key))
            {
                throw new SettingsException([Unknown(argument, i, start == 2 ? "--" + key : null)]);
            }

            if (end < 0 && (++i == arguments.Count || arguments[i].StartsWith("--", StringComparison.Ordinal)))
            {
                throw new SettingsException([$"--{key} has no value. A value that begins with -- is written --{key}=value."]);
            }
        }
    }

    private static bool IsKnown(string key)
        => Keys.Contains(key) || (key.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && Sections.Contains(key[..colon]));

    private static string Unknown(string argument, int place, string? option)
    {
        var what = option ?? (place == 0 && argument.Length > 0 && argument.All(char.IsAsciiLetter) ? $"'{argument}'" : string.Create(CultureInfo.InvariantCulture, $"Argument {place + 1}"));
        return $"{what} is no command and no setting. Settings are written --Bxb:Name=value, those of ASP.NET Core --urls=..., --environment=... or --Logging:...=...; --help lists the commands.";
    }
}
