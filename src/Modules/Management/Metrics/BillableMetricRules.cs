using Bxb.Management.Contracts;
using Bxb.Management.Contracts.Expressions;
using FluentValidation;

namespace Bxb.Management.Metrics;

/// <summary>The rules of a metric, for creation and replacement.</summary>
internal sealed class BillableMetricRules : AbstractValidator<BillableMetricBody>
{
    public const int MaxFilters = 50;
    public const int MaxFilterValues = 200;
    public const int MaxFilterValueCharacters = 1024;
    public const int MaxGroupKeys = 20;
    public const int MaxPrecision = 18;
    private const string Missing = "is required by this aggregation";

    public BillableMetricRules()
    {
        RuleFor(m => m.Name).Characters(1, 255);
        RuleFor(m => m.EventCode).Characters(1, 255);
        RuleFor(m => m.Description).Characters(0, 4000);
        RuleFor(m => m.AggregationType).Required();
        RuleFor(m => m.FieldName).Must(IsPath).WithMessage(PropertyPath.Rule).When(m => m.FieldName is not null);
        RuleFor(m => m.FieldName).NotNull().WithMessage(Missing).When(m => m.AggregationType is not (null or AggregationType.Count or AggregationType.Custom));
        RuleFor(m => m.FieldName).Null().WithMessage("must be absent: count counts events, not a property").When(m => m.AggregationType == AggregationType.Count);
        RuleFor(m => m.FieldName).Null().WithMessage("must be absent: custom sums an expression, not a property").When(m => m.AggregationType == AggregationType.Custom);

        RuleFor(m => m.Percentile).NotNull().WithMessage(Missing).When(m => m.AggregationType == AggregationType.Percentile);
        RuleFor(m => m.Percentile).Null().WithMessage("goes with percentile only").When(m => m.AggregationType is not (null or AggregationType.Percentile));
        RuleFor(m => m.Percentile).Must(p => p is null or (>= 0 and <= 1 and { Scale: <= MaxPrecision })).WithMessage($"must be from 0 to 1, with at most {MaxPrecision} decimal places");

        RuleFor(m => m.Expression).NotNull().WithMessage(Missing).When(m => m.AggregationType == AggregationType.Custom);
        RuleFor(m => m.Expression).Null().WithMessage("goes with custom only").When(m => m.AggregationType is not (null or AggregationType.Custom));
        RuleFor(m => m.Expression).Custom((text, context) =>
        {
            if (text is not null && !ExpressionParser.TryParse(text, out _, out var fault))
            {
                context.AddFailure(fault);
            }
        });

        RuleFor(m => m.Recurring).NotEqual(true).WithMessage("must not be true: of the aggregations, only unique_count, latest and weighted_sum count events before a period")
            .When(m => m.AggregationType is { } type && !BillableMetric.CanRecur(type));

        RuleFor(m => m.Filters).Must(f => f is null || f.Count <= MaxFilters).WithMessage($"must have at most {MaxFilters} entries");
        RuleFor(m => m.Filters).Must(f => f is null || AllDiffer(f.Select(x => x.Key))).WithMessage("must name each key once; list all values of a key together");
        RuleForEach(m => m.Filters).SetValidator(new FilterRules()).When(m => m.Filters is { Count: <= MaxFilters });

        RuleFor(m => m.GroupKeys).Must(k => k is null || k.Count <= MaxGroupKeys).WithMessage($"must have at most {MaxGroupKeys} entries");
        RuleFor(m => m.GroupKeys).Must(k => k is null || AllDiffer(k)).WithMessage("must name each key once");
        RuleForEach(m => m.GroupKeys).Must(IsPath).WithMessage(PropertyPath.Rule).When(m => m.GroupKeys is { Count: <= MaxGroupKeys });

        RuleFor(m => m.RoundingPrecision).InclusiveBetween(-MaxPrecision, MaxPrecision).WithMessage($"must be from -{MaxPrecision} to {MaxPrecision}");
        RuleFor(m => m.RoundingPrecision).Null().WithMessage("goes with rounding_function only").When(m => m.RoundingFunction is null);
    }

    private static bool IsPath(string? path) => PropertyPath.TryParse(path, out _);

    private static bool AllDiffer(IEnumerable<string?> texts) => texts.Where(t => t is not null).GroupBy(t => t, StringComparer.Ordinal).All(g => g.Count() == 1);

    private sealed class FilterRules : AbstractValidator<MetricFilterBody>
    {
        public FilterRules()
        {
            RuleFor(f => f.Key).Cascade(CascadeMode.Stop).Required().Must(IsPath).WithMessage(PropertyPath.Rule);
            RuleFor(f => f.Values).Cascade(CascadeMode.Stop).Required()
                .Must(v => v!.Count is >= 1 and <= MaxFilterValues).WithMessage($"must have 1 to {MaxFilterValues} entries")
                .Must(v => AllDiffer(v!)).WithMessage("must name each value once");
            RuleForEach(f => f.Values).Characters(0, MaxFilterValueCharacters).When(f => f.Values is { Count: <= MaxFilterValues });
        }
    }
}
