using System.Diagnostics.Metrics;
using Bxb.EventLog.Reading;
using Bxb.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace Bxb.EventLog.Tests;

/// <summary>An open transaction with an id, in any database of the server, holds the settled position back; the log says which one.</summary>
public sealed class HeldBackTests
{
    [Fact]
    public async Task The_session_that_holds_the_settled_position_back_is_named_whatever_its_database()
    {
        await using var log = await LogFixture.StartAsync();
        var other = new NpgsqlConnectionStringBuilder(await TestPostgres.CreateDatabaseAsync()) { Pooling = false };
        await using var connection = new NpgsqlConnection(other.ConnectionString);
        await connection.OpenAsync();
        var transaction = await connection.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand("select pg_current_xact_id()", connection, transaction))
        {
            await take.ExecuteNonQueryAsync();
        }

        var position = (await log.AppendAsync(1, "t"))[0].Position;
        await Eventually.HoldsAsync(() => log.Settled.HeldBackBy is not null);
        var by = log.Settled.HeldBackBy!;
        by.Database.ShouldBe(other.Database);
        by.ProcessId.ShouldBe(connection.ProcessID);
        by.State.ShouldBe("idle in transaction");
        by.Since.ShouldNotBeNull();
        by.ToString().ShouldStartWith($"session pid {connection.ProcessID} of database {other.Database} (idle in transaction) since ");
        log.Settled.Current.ShouldBeLessThan(position);
        HeldBackSeconds().ShouldBeGreaterThan(0);

        // Positions that other hosts take meanwhile are known, so that a caller who brings one is not told that it is none.
        var taken = await log.ScalarAsync<long>("select nextval('event_log.position_seq')");
        await Eventually.HoldsAsync(() => log.Settled.Head >= taken);

        await transaction.RollbackAsync();
        (await log.Settled.WaitBeyondAsync(position - 1, CancellationToken.None)).ShouldBeGreaterThanOrEqualTo(position);
        log.Settled.HeldBackBy.ShouldBeNull();
    }

    [Fact]
    public async Task Without_the_right_to_see_other_sessions_the_process_and_the_database_are_still_named()
    {
        var administrator = await TestPostgres.CreateDatabaseAsync();
        var role = $"limited_{Guid.NewGuid():N}";
        await using var admin = NpgsqlDataSource.Create(administrator);
        await using (var create = admin.CreateCommand($"create role {role} login password 'p'; grant create on database {new NpgsqlConnectionStringBuilder(administrator).Database} to {role}"))
        {
            await create.ExecuteNonQueryAsync();
        }

        await using var log = await LogFixture.StartAsync(connectionString: new NpgsqlConnectionStringBuilder(administrator) { Username = role, Password = "p" }.ConnectionString);
        await using var connection = await admin.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var take = new NpgsqlCommand("select pg_current_xact_id()", connection, transaction))
        {
            await take.ExecuteNonQueryAsync();
        }

        await log.AppendAsync(1, "t");
        await Eventually.HoldsAsync(() => log.Settled.HeldBackBy is not null);
        var by = log.Settled.HeldBackBy!;
        (by.ProcessId, by.Database, by.State).ShouldBe((connection.ProcessID, connection.Database, "unknown"));
        by.Since.ShouldNotBeNull();
        await transaction.RollbackAsync();
    }

    [Fact]
    public void A_holder_whose_begin_cannot_be_seen_is_dated_from_the_first_look()
    {
        var clock = new FakeTimeProvider();
        var lines = new LogLines();
        var hold = new SettledHold(lines, clock);
        var first = clock.GetUtcNow();
        for (var second = 0; second < 30; second++)
        {
            hold.Continue(new HoldingTransaction("d", 7, "unknown", null), 3, 9);
            clock.Advance(TimeSpan.FromSeconds(1));
        }

        hold.By!.Since.ShouldBe(first);
        hold.Duration.ShouldBe(TimeSpan.FromSeconds(30));
        hold.End();
        hold.By.ShouldBeNull();
        hold.Duration.ShouldBe(TimeSpan.Zero);
        lines.All.ShouldBe(
        [
            "Warning: Readers are held at 3 of 9 by an open transaction: session pid 7 of database d (unknown) since 2000-01-01T00:00:00Z",
            "Information: Readers are no longer held back by an open transaction; they were for 30 s",
        ]);
    }

    private static double HeldBackSeconds()
    {
        var highest = 0.0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, l) =>
        {
            if (instrument.Name == "bxb.eventlog.settled.held_back")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => highest = Math.Max(highest, value));
        listener.Start();
        listener.RecordObservableInstruments();
        return highest;
    }
}
