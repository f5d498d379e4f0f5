using Bxb.Testing;
using Npgsql;

namespace Bxb.Embedded.Tests;

public sealed class TestPostgresTests
{
    [Fact]
    public async Task Every_test_gets_an_empty_database_of_its_own()
    {
        var databases = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => TestPostgres.CreateDatabaseAsync()));
        foreach (var database in databases)
        {
            await using var connection = new NpgsqlConnection(database + ";Pooling=false");
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand("create table only_here (n int)", connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
