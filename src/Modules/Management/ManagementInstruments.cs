using System.Diagnostics.Metrics;

namespace Bxb.Management;

/// <summary>The meter <c>Bxb.Management</c>. Thread-safe; lives as long as the host.</summary>
internal sealed class ManagementInstruments
{
    private readonly Counter<long> _keyLookups;
    private readonly Counter<long> _refused;

    public ManagementInstruments(IMeterFactory meters)
    {
        var meter = meters.Create("Bxb.Management");
        _keyLookups = meter.CreateCounter<long>("bxb.management.key.lookups", "{lookup}", "API keys looked up in the database.");
        _refused = meter.CreateCounter<long>("bxb.management.requests.refused", "{request}", "Requests refused because of their key.");
    }

    /// <summary>Counts a lookup of a key in the database. Where lookups are nearly as many as requests, <see cref="ManagementOptions.MaxCachedKeys"/> is too small.</summary>
    /// <param name="outcome">known, wrong or late.</param>
    public void LookedUp(string outcome) => _keyLookups.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>Counts a request that was refused because of its key.</summary>
    /// <param name="status">401 or 403.</param>
    public void Refused(int status) => _refused.Add(1, new KeyValuePair<string, object?>("status", status));
}
