using Bxb.Management.Contracts;

namespace Bxb.Management.Tests;

[Collection(OneHost.Name)]
public sealed class CatalogTests(ManagementHost host)
{
    private const string Metrics = "/v1/billable_metrics";

    [Fact]
    public async Task Own_writes_are_seen_at_once_and_another_hosts_within_a_second()
    {
        var (id, key, _) = await host.OrganizationAsync();
        var other = new ManagementHost();
        await other.StartAsync(host.Database);
        (await host.Catalog.FindAsync(id, "m", default)).ShouldBeNull();
        (await other.Catalog.FindAsync(id, "m", default)).ShouldBeNull();

        (await host.PostAsync(Metrics, key, new { code = "m", aggregation_type = "sum", field_name = "a", filters = new[] { new { key = "k", values = new[] { "v" } } } })).Status.ShouldBe(201);
        var metric = (await host.Catalog.FindAsync(id, "m", default)).ShouldNotBeNull();
        metric.AggregationType.ShouldBe(AggregationType.Sum);
        metric.Filters.ShouldHaveSingleItem().Values.ShouldBe(["v"]);
        (await other.Catalog.FindAsync(id, "m", default)).ShouldBeNull();
        other.Clock.Advance(TimeSpan.FromSeconds(1));
        (await other.Catalog.FindAsync(id, "m", default)).ShouldNotBeNull();

        (await host.PutAsync(Metrics + "/m", key, new { aggregation_type = "max", field_name = "a" })).Status.ShouldBe(200);
        (await host.Catalog.FindAsync(id, "m", default))!.AggregationType.ShouldBe(AggregationType.Max);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task A_reader_that_was_on_its_way_while_a_write_happened_leaves_nothing_old_behind()
    {
        var (id, key, _) = await host.OrganizationAsync();
        for (var round = 0; round < 20; round++)
        {
            var readers = Enumerable.Range(0, 4).Select(_ => host.Catalog.FindAsync(id, "raced", default).AsTask()).ToList();
            (await host.PostAsync(Metrics, key, new { code = "raced", aggregation_type = "count" })).Status.ShouldBe(201);
            (await host.Catalog.FindAsync(id, "raced", default)).ShouldNotBeNull();
            await Task.WhenAll(readers);
            (await host.Catalog.FindAsync(id, "raced", default)).ShouldNotBeNull();
            (await host.DeleteAsync(Metrics + "/raced", key)).Status.ShouldBe(204);
            (await host.Catalog.FindAsync(id, "raced", default)).ShouldBeNull();
        }
    }
}
