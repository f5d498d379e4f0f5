using System.Diagnostics.CodeAnalysis;
using System.Security;
using System.Text.RegularExpressions;

namespace Bxb.Analytics.Queries.Windows;

/// <summary>Time zones by their IANA name. They come from this machine's zone data (package tzdata); without that, only UTC is known.</summary>
internal static partial class TimeZones
{
    /// <summary>Finds a zone.</summary>
    /// <returns>False when the name is no name of a zone here.</returns>
    public static bool TryFind(string name, [NotNullWhen(true)] out TimeZoneInfo? zone)
    {
        zone = null;
        if (name == "UTC")
        {
            zone = TimeZoneInfo.Utc;
            return true;
        }

        if (!NamePattern().IsMatch(name))
        {
            return false;
        }

        try
        {
            zone = TimeZoneInfo.FindSystemTimeZoneById(name);
            return true;
        }
        catch (Exception error) when (error is TimeZoneNotFoundException or InvalidTimeZoneException or SecurityException or UnauthorizedAccessException or IOException)
        {
            // No such file, a directory, or a file that is no zone: all of them are names that a caller made up.
            return false;
        }
    }

    /// <summary>Names, not paths; the folders right and posix, and what links to this machine's own zone, are no zones of the world.</summary>
    [GeneratedRegex("^(?!(right|posix)/|localtime$|posixrules$|Factory$)[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();
}
