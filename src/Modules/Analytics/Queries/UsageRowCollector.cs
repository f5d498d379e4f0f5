using System.Globalization;
using Bxb.Analytics.Queries.Windows;
using Bxb.Management.Contracts;
using Bxb.Modularity.Errors;

namespace Bxb.Analytics.Queries;

/// <summary>Collects the rows of a store's answer, which come in any order, and sorts them. Bounded; not thread-safe.</summary>
internal sealed class UsageRowCollector(UsageQuery query, WindowPlan windows, UsageQueryOptions options)
{
    private readonly List<UsageRow> _rows = [];
    private readonly UsageCarry? _carry = query.Carries ? new UsageCarry(query.Metric.AggregationType) : null;
    private readonly int _keys = query.PropertyKeys.Count();
    private long _seen;
    private long _texts;

    /// <summary>Number of events without a number, over all rows.</summary>
    public long Skipped { get; private set; }

    /// <summary>Number of group texts in a row.</summary>
    public int Keys => _keys;

    /// <summary>Adds a row of the store.</summary>
    /// <param name="window">Key of the window, see <see cref="WindowPlan.Bounds"/>.</param>
    /// <param name="customer">Null if the query does not group by customer.</param>
    /// <param name="groups">The group texts. The collector keeps the list.</param>
    /// <param name="value">Plain decimal, or null.</param>
    /// <param name="weight">For a weighted sum the sum of the numbers, each multiplied by its time in milliseconds since the Unix epoch; else null.</param>
    /// <param name="events">Number of events in the value.</param>
    /// <param name="skipped">Number of events without a number.</param>
    /// <exception cref="ApiException">422: the answer has too many rows or too much text.</exception>
    public void Add(long window, string? customer, IReadOnlyList<string?> groups, string? value, string? weight, long events, long skipped)
    {
        Skipped += skipped;
        _texts += (customer?.Length ?? 0) + groups.Sum(g => (long)(g?.Length ?? 0));
        RequireRows(++_seen);
        if (events == 0)
        {
            return;
        }

        var series = new UsageSeries(query.ByCustomer ? customer : SingleCustomer, groups);
        if (_carry is not null)
        {
            _carry.Add(series, window, value is null ? null : Quantity.Parse(value), weight is null ? Quantity.Zero : Quantity.Parse(weight), events);
            return;
        }

        var quantity = value is null ? (Quantity?)null : Quantity.Parse(value);
        AddRow(Span(window), series, query.Metric.AggregationType == AggregationType.Avg ? quantity?.DivideBy(events) : quantity, events);
    }

    /// <summary>Returns the sorted rows, with those that have no events and are in the answer nevertheless.</summary>
    /// <exception cref="ApiException">422: the answer has too many rows.</exception>
    public IReadOnlyList<UsageRow> Finish()
    {
        if (_carry is not null)
        {
            var spans = Spans().ToList();
            RequireRows((long)_carry.Count * spans.Count);
            _carry.Accumulate(spans, AddRow);
        }

        if (query.Window == UsageWindow.Total || query.FillsWindows)
        {
            AddEmptyRows();
        }

        _rows.Sort(Compare);
        return _rows;
    }

    /// <summary>Adds a row without events for each window that a series lacks.</summary>
    private void AddEmptyRows()
    {
        Quantity? nothing = query.Metric.AggregationType is AggregationType.Sum or AggregationType.Custom or AggregationType.Count or AggregationType.UniqueCount ? Quantity.Zero : null;
        var series = query.ExpectedCustomers.Select(c => new UsageSeries(c, [])).Concat(query.FillsWindows ? _rows.Select(UsageSeries.Of) : []).ToHashSet();
        var spans = Spans().Select(w => w.Span).ToList();
        RequireRows((long)series.Count * spans.Count);
        var present = _rows.Select(r => (UsageSeries.Of(r), r.From)).ToHashSet();
        _rows.AddRange(
            from one in series
            from span in spans
            where !present.Contains((one, span.From))
            select new UsageRow(span.From, span.To, one.Customer, one.Groups, nothing, 0));
    }

    private void RequireRows(long rows)
    {
        if (rows > options.MaxRows || _texts * sizeof(char) > options.MaxAnswerBytes)
        {
            throw new ApiException(ErrorCode.AnswerTooLarge, string.Create(CultureInfo.InvariantCulture,
                $"The answer would have more than {options.MaxRows} rows, or more than {options.MaxAnswerBytes} bytes of text. Ask for a shorter range, longer windows, or fewer group keys."));
        }
    }

    private string? SingleCustomer => query.Customers.Count == 1 ? query.Customers[0] : null;

    private void AddRow((DateTimeOffset From, DateTimeOffset To) span, UsageSeries series, Quantity? value, long events) => _rows.Add(new UsageRow(
        span.From, span.To, series.Customer, series.Groups,
        query.Metric.RoundingFunction is { } function ? value?.Round(function, query.Metric.RoundingPrecision ?? 0) : value, events));

    /// <summary>Returns all windows in order of time, cut to the query. In an empty period there is none but the total.</summary>
    private IEnumerable<(long Key, (DateTimeOffset From, DateTimeOffset To) Span)> Spans() =>
        windows.Keys().Select(w => (Key: w, Span: Span(w))).Where(w => w.Span.From < w.Span.To || query.Window == UsageWindow.Total);

    /// <summary>Returns a window, cut to the query.</summary>
    private (DateTimeOffset From, DateTimeOffset To) Span(long window)
    {
        var (from, to) = windows.Bounds(window);
        return (Later(from, query.From), Earlier(to, query.To));
    }

    private static int Compare(UsageRow a, UsageRow b)
    {
        var order = a.From.CompareTo(b.From);
        order = order != 0 ? order : Utf8Order.Instance.Compare(a.Customer, b.Customer);
        for (var i = 0; order == 0 && i < a.Groups.Count; i++)
        {
            order = Utf8Order.Instance.Compare(a.Groups[i], b.Groups[i]);
        }

        return order;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a < b ? a : b;
}
