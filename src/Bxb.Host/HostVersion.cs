using System.Reflection;

namespace Bxb.Host;

/// <summary>The version of this build.</summary>
internal static class HostVersion
{
    /// <summary>Like <c>0.1.0</c>, without the commit.</summary>
    public static readonly string Text = (typeof(HostVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];
}
