using System.Diagnostics.CodeAnalysis;
using NodaTime;

namespace Bxb.Analytics.Queries.Windows;

/// <summary>Finds time zones by IANA name in the zone data of the product (NodaTime), which is the same on every machine.</summary>
internal static class TimeZones
{
    private static readonly HashSet<string> Names = new(DateTimeZoneProviders.Tzdb.Ids, StringComparer.Ordinal);

    /// <summary>Finds a zone.</summary>
    /// <returns>False if there is no zone of this name.</returns>
    public static bool TryFind(string name, [NotNullWhen(true)] out DateTimeZone? zone)
    {
        // The provider also reads names such as UTC+01:00, which are offsets and not zones.
        zone = Names.Contains(name) ? DateTimeZoneProviders.Tzdb[name] : null;
        return zone is not null;
    }
}
