using Bxb.Testing;

namespace Bxb.Embedded.Tests;

public sealed class TestClickHouseTests
{
    [Fact]
    public async Task Every_test_gets_an_empty_database_of_its_own()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TestClickHouse.CreateDatabaseAsync()));
        foreach (var database in databases)
        {
            await TestClickHouse.ExecuteAsync(database, "CREATE TABLE only_here (n UInt8) ENGINE = MergeTree ORDER BY n");
            await TestClickHouse.ExecuteAsync(database, "INSERT INTO only_here VALUES (1), (2)");
            (await TestClickHouse.ExecuteAsync(database, "SELECT count(), sum(n) FROM only_here")).ShouldBe("2\t3\n");
        }
    }
}
