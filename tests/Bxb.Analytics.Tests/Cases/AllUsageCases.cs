namespace Bxb.Analytics.Tests.Cases;

/// <summary>Every case; the organization of a case is its number, counted from 1.</summary>
internal static class AllUsageCases
{
    public static readonly UsageCase[] All = [.. AggregationCases.All, .. NumberCases.All, .. TextCases.All, .. WindowCases.All, .. CarryCases.All, .. ExpressionCases.All];

    public static readonly Dictionary<string, int> Organizations = All.Select((c, i) => (c.Name, Id: i + 1)).ToDictionary(c => c.Name, c => c.Id, StringComparer.Ordinal);
}
