namespace Bxb.EventLog.Reading;

/// <summary>Selects events of an organization, newest position first.</summary>
/// <param name="OrganizationId">The organization. No event of another one is returned.</param>
public sealed record EventListFilter(int OrganizationId)
{
    /// <summary>Only events of this type; null for all.</summary>
    public string? Code { get; init; }

    /// <summary>Only events of this customer; null for all.</summary>
    public string? ExternalCustomerId { get; init; }

    /// <summary>Earliest event time, inclusive; null for no bound.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Event time to end before, exclusive; null for no bound.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Only positions below; null starts at the newest.</summary>
    public long? BeforePosition { get; init; }

    /// <summary>Maximum number of events. Default 50; 1 to 10,000.</summary>
    public int Limit { get; init; } = 50;
}
