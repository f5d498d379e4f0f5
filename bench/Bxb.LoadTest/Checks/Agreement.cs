using System.Globalization;
using Bxb.LoadTest.Target;
using Bxb.LoadTest.Traffic;

namespace Bxb.LoadTest.Checks;

/// <summary>Compares what was acknowledged with what each store answers, per organization and region: events and the sum of their bytes, exactly.</summary>
/// <remarks><c>store=postgresql</c> reads the log itself, so the two answers are the log and ClickHouse. Both must cover the last position that was acknowledged.</remarks>
internal sealed class Agreement(ApiClient api, string run, DateTimeOffset from)
{
    /// <summary>The metric that sums bytes; its rows count events as well.</summary>
    public string Metric { get; } = "load_" + run;

    /// <summary>The code of the run's events.</summary>
    public string EventCode => Metric;

    /// <summary>Makes the metric for an organization.</summary>
    public Task PrepareAsync(Organization organization, CancellationToken cancellationToken) => api.CreateMetricAsync(organization.ApiKey, Metric, EventCode, "sum", "bytes", cancellationToken);

    /// <summary>Events that a store shows now, of all organizations, without waiting for any; null when it does not answer.</summary>
    public async Task<long?> VisibleAsync(IEnumerable<Organization> organizations, string store, CancellationToken cancellationToken)
    {
        long visible = 0;
        foreach (var organization in organizations)
        {
            if (await api.UsageAsync(organization.ApiKey, Question(store), cancellationToken) is not { } rows)
            {
                return null;
            }

            visible += rows.Sum(r => r.Events);
        }

        return visible;
    }

    /// <summary>Ends when a store covers a position; asks for next to nothing.</summary>
    public async Task CoversAsync(Organization organization, string store, long position, CancellationToken patience)
    {
        var question = Question(store) with { To = from.AddMilliseconds(1), MinPosition = position };
        while (await api.UsageAsync(organization.ApiKey, question, patience) is null)
        {
            patience.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Every difference between one organization's sums and a store, in words; none when they agree.</summary>
    /// <param name="organization">Whose.</param>
    /// <param name="store">postgresql or clickhouse.</param>
    /// <param name="acknowledged">What must be there.</param>
    /// <param name="position">What the answer must cover.</param>
    /// <param name="patience">Ends the wait for the store.</param>
    public async Task<IReadOnlyList<string>> DifferencesAsync(Organization organization, string store, Sums acknowledged, long position, CancellationToken patience)
    {
        IReadOnlyList<UsageRow>? rows;
        do
        {
            rows = await api.UsageAsync(organization.ApiKey, Question(store) with { GroupBy = "region", MinPosition = position }, patience);
        }
        while (rows is null);

        var found = rows.ToDictionary(r => r.Group, r => (r.Events, r.Value), StringComparer.Ordinal);
        var expected = acknowledged.ByRegion.ToDictionary(r => r.Key, r => (r.Value.Events, Value: r.Value.Bytes.ToString(CultureInfo.InvariantCulture)), StringComparer.Ordinal);
        return
        [
            .. found.Keys.Union(expected.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
                .Select(region => (Region: region, Found: found.GetValueOrDefault(region), Expected: expected.GetValueOrDefault(region)))
                .Where(r => r.Found != r.Expected)
                .Select(r => string.Create(
                    CultureInfo.InvariantCulture,
                    $"{store}, organization {organization.Name}, region {r.Region}: {r.Found.Events} events with {r.Found.Value ?? "0"} bytes; acknowledged were {r.Expected.Events} with {r.Expected.Value ?? "0"}")),
        ];
    }

    private UsageQuestion Question(string store) => new(Metric, store, from, TimeProvider.System.GetUtcNow().AddHours(1));
}
