namespace Bxb.Analytics.Tests.Cases;

/// <summary>Each case on each store.</summary>
public sealed class UsageCaseTests(CaseStores fixture) : IClassFixture<CaseStores>
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (var usageCase in AllUsageCases.All)
            {
                cases.Add("postgresql", usageCase.Name);
                cases.Add("clickhouse", usageCase.Name);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_store_answers_the_case(string store, string name)
    {
        var organization = AllUsageCases.Organizations[name];
        var usageCase = AllUsageCases.All[organization - 1];
        var query = usageCase.ToQuery(organization);

        var rows = await fixture.Stores.AskAsync(store, query);

        rows.Finish().Select(r => UsageCase.Line(query, r)).ShouldBe(usageCase.Rows);
        rows.Skipped.ShouldBe(usageCase.Skipped);
    }
}
