using Bxb.LoadTest.Checks;
using Bxb.LoadTest.Target;
using Bxb.LoadTest.Traffic;

namespace Bxb.LoadTest.Tests;

public sealed class AgreementTests
{
    private static readonly object EuWest = new { group = new { region = "eu-west" }, value = "300", events = 2 };
    private static readonly object UsEast = new { group = new { region = "us-east" }, value = "50", events = 1 };

    public static TheoryData<object[], int> Answers => new()
    {
        { [EuWest, UsEast], 0 },
        { [EuWest], 1 },
        { [EuWest, UsEast, new { group = new { region = "ap-east" }, value = "1", events = 1 }], 1 },
        { [new { group = new { region = "eu-west" }, value = "300", events = 3 }, UsEast], 1 },
        { [new { group = new { region = "eu-west" }, value = "301", events = 2 }, UsEast], 1 },
        { [], 2 },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Every_difference_is_told(object[] rows, int differences)
    {
        await using var host = await FakeHost.StartAsync();
        host.Rows = () => rows;
        (await DifferencesAsync(host)).Count.ShouldBe(differences);
    }

    [Fact]
    public async Task An_answer_of_another_store_is_no_agreement()
    {
        await using var host = await FakeHost.StartAsync();
        host.Rows = () => [EuWest, UsEast];
        host.Store = "postgresql";
        await Should.ThrowAsync<LoadException>(() => DifferencesAsync(host));
    }

    private static async Task<IReadOnlyList<string>> DifferencesAsync(FakeHost host)
    {
        using var api = new ApiClient(host.Url);
        var sums = new Sums();
        sums.Add(0, 100);
        sums.Add(0, 200);
        sums.Add(1, 50);
        return await new Agreement(api, "run", DateTimeOffset.UnixEpoch).DifferencesAsync(new Organization("o", "k"), "clickhouse", sums, 3, CancellationToken.None);
    }
}
