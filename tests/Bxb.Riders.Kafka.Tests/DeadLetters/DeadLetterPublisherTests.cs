using Bxb.EventLog;
using Bxb.EventLog.Schema;
using Bxb.Riders.Kafka.DeadLetters;
using Bxb.Riders.Kafka.Topics;
using Bxb.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Bxb.Riders.Kafka.Tests.DeadLetters;

public sealed class DeadLetterPublisherTests
{
    private const string Publishing = """
        select coalesce(max(case when backend_xid is null then 1 else 2 end), 0)::bigint from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction' and query like '%event_log.dead_letters%'
        """;

    [Fact]
    public async Task Waiting_for_brokers_holds_no_transaction_id()
    {
        var connectionString = await TestPostgres.CreateDatabaseAsync();
        var collection = new ServiceCollection();
        collection.AddEventLog(o => o.ConnectionString = connectionString);
        collection.AddRiders();
        await using var services = collection.BuildServiceProvider();
        await services.MigrateSqlAsync(CancellationToken.None);
        var database = services.GetRequiredService<NpgsqlDataSource>();
        await using (var put = database.CreateCommand("insert into event_log.dead_letters (group_name, position, organization_id, code, record, reason, exception) values ('g', 1, 1, 'c', '{}', 'no', 'no')"))
        {
            await put.ExecuteNonQueryAsync();
        }

        // No broker listens on that port: the publisher waits for one while it holds its transaction.
        var options = Options.Create(new KafkaOptions { BootstrapServers = "127.0.0.1:1", RequestTimeout = TimeSpan.FromSeconds(30) });
        using var log = new KafkaLog(TimeProvider.System, NullLogger<KafkaLog>.Instance);
        var clients = new KafkaClients(options);
        await using var admin = new KafkaAdmin(clients, log, options, TimeProvider.System);
        var topics = new TopicSetup(admin, options, TimeProvider.System, NullLogger<TopicSetup>.Instance);
        using var publisher = new DeadLetterPublisher(database, clients, log, topics, options, TimeProvider.System, NullLogger<DeadLetterPublisher>.Instance);
        await publisher.StartAsync(CancellationToken.None);
        try
        {
            var seen = 0L;
            await Eventually.HoldsAsync(
                async () =>
                {
                    await using var look = database.CreateCommand(Publishing);
                    seen = (long)(await look.ExecuteScalarAsync())!;
                    return seen != 0;
                },
                "The publisher waits");
            seen.ShouldBe(1, "A transaction id holds the settled position back.");
        }
        finally
        {
            await publisher.StopAsync(CancellationToken.None);
        }
    }
}
