using System.Globalization;
using Bxb.Analytics.Queries;
using Bxb.Analytics.Queries.Windows;
using Bxb.Management.Contracts;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using NodaTime;

namespace Bxb.Analytics.Http;

/// <summary>A text of a request, with its place for faults: a parameter name or a JSON Pointer.</summary>
internal readonly record struct Placed(string Place, string Text);

/// <summary>A filter before validation.</summary>
internal sealed record FilterInput(Placed Key, IReadOnlyList<Placed> Values);

/// <summary>Validates the texts of a usage request from a query string or a body, and converts them to a <see cref="UsageRequest"/>. Collects every fault. One object per request.</summary>
/// <param name="place">Returns the place of a member for its faults.</param>
internal sealed class UsageInput(Func<string, string> place)
{
    public const int MaxGroupKeys = 5;
    public const int MaxCustomers = 1000;
    public const int MaxFilters = 20;
    public const int MaxFilterValues = 1000;
    private const int MaxText = 65_536;

    private static readonly string[] Fills = ["none", "zero"];

    /// <summary>The names of <see cref="StoreChoice"/>, in the order of the values.</summary>
    private static readonly string[] Stores = ["auto", "clickhouse", "postgresql"];

    private readonly List<ApiFault> _faults = [];

    public string? Metric { get; set; }

    public string? From { get; set; }

    public string? To { get; set; }

    public string? Window { get; set; }

    public string? TimeZone { get; set; }

    public string? Fill { get; set; }

    public string? Store { get; set; }

    public long? MinPosition { get; set; }

    public TimeSpan Timeout { get; set; } = UsageRequest.DefaultTimeout;

    public List<Placed> Customers { get; } = [];

    public List<Placed> GroupBy { get; } = [];

    public List<FilterInput> Filters { get; } = [];

    public IReadOnlyList<ApiFault> Faults => _faults;

    public void Fault(string member, string reason) => _faults.Add(new ApiFault(place(member), reason));

    /// <summary>Returns the request, or null if there are <see cref="Faults"/>.</summary>
    public UsageRequest? Read()
    {
        if (string.IsNullOrEmpty(Metric))
        {
            Fault("metric", "must be the code of a billable metric");
        }

        var window = (UsageWindow)Choice("window", Window, UsageWindows.Names);
        var fills = Choice("fill", Fill, Fills) > 0;
        var store = (StoreChoice)Choice("store", Store, Stores);
        if (!TimeZones.TryFind(TimeZone ?? "UTC", out var zone))
        {
            Fault("timezone", "must be the name of an IANA time zone, such as Europe/Berlin");
        }

        var (from, to) = (Time("from", From, zone), Time("to", To, zone));
        if (Timeout < TimeSpan.Zero || Timeout > UsageRequest.MaxTimeout)
        {
            Fault("timeout", "must be a number of seconds from 0 to 30");
        }

        if (MinPosition < 0)
        {
            Fault("min_position", "must be a position, a whole number from 0");
        }

        var (customers, keys, filters) = (ReadCustomers(), ReadGroupKeys(), ReadFilters());
        return _faults.Count > 0 ? null : new UsageRequest(Metric!, from, to, customers, keys, filters, window, zone!, fills, MinPosition, Timeout, store);
    }

    private string[] ReadCustomers()
    {
        if (Customers.Count > MaxCustomers)
        {
            Fault("external_customer_id", $"must not be given more than {MaxCustomers} times");
        }

        foreach (var (at, text) in Customers)
        {
            Require(at, text.Length > 0 ? text : null, "must be the id of a customer");
        }

        return [.. Customers.Select(c => c.Text).Distinct(StringComparer.Ordinal)];
    }

    private List<GroupKey> ReadGroupKeys()
    {
        var keys = new List<GroupKey>();
        if (GroupBy.Count > MaxGroupKeys)
        {
            Fault("group_by", $"must not have more than {MaxGroupKeys} keys");
        }

        foreach (var (at, text) in GroupBy)
        {
            if (text == GroupKey.Customer)
            {
                keys.Add(new GroupKey(text, null));
            }
            else if (Path(at, text) is { } path)
            {
                keys.Add(new GroupKey(text, path));
            }
        }

        if (keys.DistinctBy(k => k.Path).Count() < keys.Count)
        {
            Fault("group_by", "must not contain a key twice");
        }

        return keys;
    }

    private List<PropertyFilter> ReadFilters()
    {
        var filters = new List<PropertyFilter>();
        if (Filters.Count > MaxFilters)
        {
            Fault("filters", $"must not be more than {MaxFilters}");
        }

        foreach (var (key, values) in Filters)
        {
            if (values.Count is 0 or > MaxFilterValues)
            {
                _faults.Add(new ApiFault(key.Place, $"must have 1 to {MaxFilterValues} values"));
            }

            foreach (var (at, text) in values)
            {
                Require(at, text, "");
            }

            if (Path(key.Place, key.Text) is not { } path)
            {
                continue;
            }

            if (filters.Exists(f => f.Path.Equals(path)))
            {
                _faults.Add(new ApiFault(key.Place, "must not be given twice; a filter can have several values"));
            }

            filters.Add(new PropertyFilter(path, [.. values.Select(v => v.Text)]));
        }

        return filters;
    }

    private UsageProperty? Path(string at, string text)
    {
        if (UsageProperty.TryParse(text, out var property))
        {
            return property;
        }

        _faults.Add(new ApiFault(at, PropertyPath.Rule));
        return null;
    }

    /// <summary>Checks a text. Texts of events contain no NUL, and PostgreSQL accepts none.</summary>
    private void Require(string at, string? text, string reason)
    {
        var fault = text is null ? reason : text.Contains('\0', StringComparison.Ordinal) ? "must not contain the character NUL"
            : text.Length > MaxText ? $"must not have more than {MaxText} characters" : null;
        if (fault is not null)
        {
            _faults.Add(new ApiFault(at, fault));
        }
    }

    /// <summary>Returns the index of a name; 0, the default, if the member is absent or invalid.</summary>
    private int Choice(string member, string? text, IReadOnlyList<string> names)
    {
        for (var i = 0; i < names.Count; i++)
        {
            if ((text ?? names[0]) == names[i])
            {
                return i;
            }
        }

        Fault(member, "must be one of " + string.Join(", ", names));
        return 0;
    }

    private DateTimeOffset Time(string member, string? text, DateTimeZone? zone)
    {
        if (QueryTime.TryParse(text, out var time))
        {
            return UsageTime.In(time, zone ?? DateTimeZone.Utc);
        }

        Fault(member, text is null ? "must be given: a time such as 2026-01-01T00:00:00Z" : QueryTime.Rule);
        return default;
    }
}
