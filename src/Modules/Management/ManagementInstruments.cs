using System.Diagnostics.Metrics;

namespace Bxb.Management;

/// <summary>What the management module measures.</summary>
internal static class ManagementInstruments
{
    private static readonly Meter Meter = new("Bxb.Management");

    /// <summary>Keys that were looked up in the database; tag outcome: known, wrong, late. Far below the requests, or the memory of keys is too small.</summary>
    internal static readonly Counter<long> KeyLookups = Meter.CreateCounter<long>("bxb.management.key.lookups", "{lookup}", "API keys looked up in the database.");

    /// <summary>Requests that were refused for their key; tag status: 401, 403.</summary>
    internal static readonly Counter<long> Refused = Meter.CreateCounter<long>("bxb.management.requests.refused", "{request}", "Requests refused for their key.");
}
