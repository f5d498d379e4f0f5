using Bxb.EventLog.Records;
using Npgsql;
using Xunit.Abstractions;

namespace Bxb.EventLog.Tests;

public sealed class SettledPositionTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_lone_writer_that_holds_the_last_position_holds_the_readers()
    {
        // The case that the snapshot's xmax is blind to: nothing has ended since the writer took its id, so xmin = xmax = the writer's own.
        await using var log = await LogFixture.StartAsync();
        await using var writer = await OpenWriter.BeginAsync(log);
        var position = await writer.InsertAsync("held");

        var refresh = log.Settled.RefreshAsync(CancellationToken.None).AsTask();
        await Eventually(log, position);
        log.Settled.Current.ShouldBeLessThan(position);
        refresh.IsCompleted.ShouldBeFalse();

        await writer.CommitAsync();
        (await refresh.WaitAsync(Patience)).ShouldBeGreaterThanOrEqualTo(position);
    }

    [Fact]
    public async Task A_position_that_commits_before_a_lower_one_waits_for_it()
    {
        await using var log = await LogFixture.StartAsync();
        await using var slow = await OpenWriter.BeginAsync(log);
        var low = await slow.InsertAsync("low");
        var high = (await log.AppendAsync(1, "high"))[0].Position;
        high.ShouldBeGreaterThan(low);
        log.Settled.Head.ShouldBeGreaterThanOrEqualTo(high);
        var refresh = log.Settled.RefreshAsync(CancellationToken.None).AsTask();
        await Eventually(log, high);
        log.Settled.Current.ShouldBeLessThan(low);

        await slow.CommitAsync();
        (await refresh.WaitAsync(Patience)).ShouldBeGreaterThanOrEqualTo(high);
        using var records = EventRecords.Rent();
        await log.Reader.ReadAsync(low - 1, log.Settled.Current, 10, 1_000, records, CancellationToken.None);
        records.Count.ShouldBe(2);
    }

    [Fact]
    public async Task Positions_that_were_rolled_back_settle_as_gaps()
    {
        await using var log = await LogFixture.StartAsync();
        var writer = await OpenWriter.BeginAsync(log);
        var position = await writer.InsertAsync("never");
        await writer.DisposeAsync();
        (await log.Settled.RefreshAsync(CancellationToken.None)).ShouldBeGreaterThanOrEqualTo(position);
        using var records = EventRecords.Rent();
        (await log.Reader.ReadAsync(0, log.Settled.Current, 10, 1_000, records, CancellationToken.None)).ShouldBe(0);
    }

    [Fact]
    public async Task Another_host_hears_of_an_append_without_polling()
    {
        await using var first = await LogFixture.StartAsync(o => o.SettledPollInterval = TimeSpan.FromMinutes(1));
        var position = (await first.AppendAsync(1, "t"))[0].Position;
        (await first.Settled.WaitBeyondAsync(position - 1, CancellationToken.None).AsTask().WaitAsync(Patience)).ShouldBeGreaterThanOrEqualTo(position);
        await first.ExecuteAsync("select pg_notify('bxb_events', 'another')");

        await first.ExecuteAsync("select nextval('event_log.position_seq')");
        await first.ExecuteAsync("select pg_notify('bxb_events', 'another')");
        (await first.Settled.WaitBeyondAsync(position, CancellationToken.None).AsTask().WaitAsync(Patience)).ShouldBeGreaterThan(position);
    }

    [Fact]
    public async Task Waiting_ends_with_the_token_and_with_the_host()
    {
        await using var log = await LogFixture.StartAsync();
        using var cancellation = new CancellationTokenSource();
        var waiting = log.Settled.WaitBeyondAsync(long.MaxValue, cancellation.Token).AsTask();
        var other = log.Settled.WaitBeyondAsync(long.MaxValue, CancellationToken.None).AsTask();
        await cancellation.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(waiting);
        await log.StopAsync();
        await Should.ThrowAsync<OperationCanceledException>(other.WaitAsync(Patience));
    }

    [Fact]
    public async Task Waiting_ends_when_the_probe_fails_for_an_unforeseen_reason()
    {
        // No probe by the interval between the change of the table and the call that waits.
        await using var log = await LogFixture.StartAsync(o => o.SettledPollInterval = TimeSpan.FromMinutes(1));
        await log.Settled.RefreshAsync(CancellationToken.None);

        // The sequence has no value: what the probe reads cannot be a position.
        await log.ExecuteAsync(
            """
            alter sequence event_log.position_seq rename to another_seq;
            create table event_log.position_seq as select null::bigint as last_value, true as is_called
            """);
        // The refresh first: it is the one that is told why. A wait that begins after the failed probe is cancelled at once.
        var refresh = log.Settled.RefreshAsync(CancellationToken.None).AsTask();
        var beyond = log.Settled.WaitBeyondAsync(long.MaxValue, CancellationToken.None).AsTask();
        (await Should.ThrowAsync<EventLogUnavailableException>(refresh.WaitAsync(Patience))).InnerException.ShouldBeOfType<InvalidCastException>();
        await Should.ThrowAsync<OperationCanceledException>(beyond.WaitAsync(Patience));
        await Should.ThrowAsync<OperationCanceledException>(log.Settled.RefreshAsync(CancellationToken.None).AsTask().WaitAsync(Patience));
    }

    [Fact]
    public async Task No_reader_skips_whatever_the_order_in_which_transactions_end()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var log = await LogFixture.StartAsync(o => o.SettledProbeSpacing = TimeSpan.Zero);
        using var done = new CancellationTokenSource();
        var reading = ReadAsync(log, done.Token);
        var open = new List<OpenWriter>();
        var committed = new List<long>();
        for (var step = 0; step < 600; step++)
        {
            switch (random.Next(7))
            {
                case 0 or 1 when open.Count < 12:
                    open.Add(await OpenWriter.BeginAsync(log));
                    break;
                case 2 or 3 or 4 when open.Count > 0:
                    await open[random.Next(open.Count)].InsertAsync($"e-{step}");
                    break;
                case 5 when open.Count > 0:
                    var kept = Take(open, random);
                    await kept.CommitAsync();
                    committed.AddRange(kept.Positions);
                    await kept.DisposeAsync();
                    break;
                case 6 when open.Count > 0 && random.Next(3) == 0:
                    await Take(open, random).DisposeAsync();
                    break;
                default:
                    committed.AddRange((await log.AppendAsync(1, $"a-{step}", $"b-{step}")).Select(a => a.Position));
                    break;
            }
        }

        foreach (var writer in open)
        {
            await writer.CommitAsync();
            committed.AddRange(writer.Positions);
            await writer.DisposeAsync();
        }

        await done.CancelAsync();
        committed.Sort();
        (await reading).ShouldBe(committed, $"seed {seed}");
    }

    private static OpenWriter Take(List<OpenWriter> open, Random random)
    {
        var index = random.Next(open.Count);
        var writer = open[index];
        open.RemoveAt(index);
        return writer;
    }

    private static async Task<List<long>> ReadAsync(LogFixture log, CancellationToken done)
    {
        var read = new List<long>();
        long at = 0;
        while (true)
        {
            var last = done.IsCancellationRequested;
            long settled;
            try
            {
                settled = last ? await log.Settled.RefreshAsync(CancellationToken.None) : await log.Settled.WaitBeyondAsync(at, done);
            }
            catch (OperationCanceledException) when (done.IsCancellationRequested)
            {
                continue;
            }

            using var records = EventRecords.Rent();
            while (at < settled)
            {
                using var slice = EventRecords.Rent();
                await log.Reader.ReadAsync(at, settled, 3, 1_000_000, slice, CancellationToken.None);
                at = slice.Count == 0 ? settled : slice.LastPosition;
                for (var i = 0; i < slice.Count; i++)
                {
                    read.Add(slice[i].Position);
                }
            }

            if (last)
            {
                return read;
            }
        }
    }

    // Until the loop has seen the position in the sequence and looked at it: a second look after the first that saw it.
    private static async Task Eventually(LogFixture log, long position)
    {
        await Testing.Eventually.HoldsAsync(() => log.Settled.Head >= position);
        await Testing.Eventually.HoldsAsync(async () => await log.ScalarAsync<long>(
            "select count(*) from pg_stat_activity where datname = current_database() and query like '%pg_snapshot_xmin%' and pid <> pg_backend_pid()") > 0);
    }

    /// <summary>A transaction that writes as the appender does and stays open as long as the test wants.</summary>
    private sealed class OpenWriter : IAsyncDisposable
    {
        private readonly NpgsqlConnection _connection;
        private readonly NpgsqlTransaction _transaction;

        private OpenWriter(NpgsqlConnection connection, NpgsqlTransaction transaction) => (_connection, _transaction) = (connection, transaction);

        public List<long> Positions { get; } = [];

        public static async Task<OpenWriter> BeginAsync(LogFixture log)
        {
            var connection = await log.DataSource.OpenConnectionAsync();
            var transaction = await connection.BeginTransactionAsync();
            await using var takeId = new NpgsqlCommand("select pg_current_xact_id()", connection, transaction);
            await takeId.ExecuteNonQueryAsync();
            return new OpenWriter(connection, transaction);
        }

        public async Task<long> InsertAsync(string id)
        {
            await using var insert = new NpgsqlCommand(
                """
                insert into event_log.events (position, organization_id, kind, timestamp, ingested_at, digest, source, transaction_id, external_customer_id, code, properties)
                values (nextval('event_log.position_seq'), 1, 1, now(), now(), 0, '', $1, 'c', 'code', '{}') returning position
                """,
                _connection,
                _transaction);
            insert.Parameters.AddWithValue(id);
            Positions.Add((long)(await insert.ExecuteScalarAsync())!);
            return Positions[^1];
        }

        public Task CommitAsync() => _transaction.CommitAsync();

        public async ValueTask DisposeAsync()
        {
            await _transaction.DisposeAsync();
            await _connection.DisposeAsync();
        }
    }
}
