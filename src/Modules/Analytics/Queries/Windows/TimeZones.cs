using System.Diagnostics.CodeAnalysis;
using System.Security;
using System.Text.RegularExpressions;

namespace Bxb.Analytics.Queries.Windows;

/// <summary>Finds time zones by IANA name in the zone data of the machine (package tzdata). Without that data only UTC exists.</summary>
internal static partial class TimeZones
{
    /// <summary>Finds a zone.</summary>
    /// <returns>False if the machine has no zone of this name.</returns>
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
            // A missing file, a directory, or a file without a zone: the caller sent an invalid name.
            return false;
        }
    }

    /// <summary>Zone names only: no paths, no names below right and posix, and no links to the zone of the machine.</summary>
    [GeneratedRegex("^(?!(right|posix)/|localtime$|posixrules$|Factory$)[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamePattern();
}
