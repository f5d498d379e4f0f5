using Bxb.EventLog.Records;
using Bxb.Riders.Reading;
using Bxb.Riders.Transport;
using Bxb.Testing;

namespace Bxb.Riders.Tests;

public sealed class ReadAheadTests
{
    [Fact]
    public async Task Reads_one_batch_ahead_and_no_more()
    {
        var partition = new EndlessPartition();
        await using var reader = new ReadAhead(partition, after: default, repeatUntil: 0, until: long.MaxValue, new EventConsumerOptions { MaxBatch = 10 }, CancellationToken.None);
        for (var taken = 0; taken < 200; taken++)
        {
            await reader.WaitAsync(CancellationToken.None);

            // While a batch waits, none is read behind it.
            partition.Fills.ShouldBe(taken + 1);
            using var batch = reader.TryTake().ShouldNotBeNull();
            batch.Records.LastPosition.ShouldBe((taken + 1) * 10);
        }

        await Eventually.HoldsAsync(() => partition.Fills == 201);
    }

    [Fact]
    public async Task A_batch_ends_where_a_rewind_ends()
    {
        await using var reader = new ReadAhead(new EndlessPartition(), after: default, repeatUntil: 25, until: long.MaxValue, new EventConsumerOptions { MaxBatch = 10 }, CancellationToken.None);
        var read = new List<(long First, long Last, bool IsRepeat)>();
        while (read.Count < 4)
        {
            await reader.WaitAsync(CancellationToken.None);
            using var batch = reader.TryTake().ShouldNotBeNull();
            read.Add((batch.Records.FirstPosition, batch.Records.LastPosition, batch.IsRepeat));
        }

        read.ShouldBe([(1, 10, true), (11, 20, true), (21, 25, true), (26, 35, false)]);
    }

    [Fact]
    public async Task A_failure_to_read_comes_out_behind_what_was_read()
    {
        await using var reader = new ReadAhead(new EndlessPartition { FailAfter = 1 }, after: default, repeatUntil: 0, until: long.MaxValue, new EventConsumerOptions(), CancellationToken.None);
        await reader.WaitAsync(CancellationToken.None);
        reader.TryTake().ShouldNotBeNull().Dispose();
        await Should.ThrowAsync<IOException>(async () => await reader.WaitAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Records_that_are_no_longer_held_end_the_reading_behind_what_was_read_without_an_exception()
    {
        var gone = new RecordsGoneException(heldAbove: 100);
        await using var reader = new ReadAhead(
            new EndlessPartition { FailAfter = 1, Failure = gone }, after: default, repeatUntil: 0, until: long.MaxValue, new EventConsumerOptions { MaxBatch = 10 }, CancellationToken.None);
        await reader.WaitAsync(CancellationToken.None);
        reader.RecordsGone.ShouldBeNull("A batch was read before");
        reader.TryTake().ShouldNotBeNull().Dispose();
        await reader.WaitAsync(CancellationToken.None);
        reader.TryTake().ShouldBeNull();
        reader.RecordsGone.ShouldBeSameAs(gone);
    }

    /// <summary>A partition in which every position is taken.</summary>
    private sealed class EndlessPartition : IPartitionLease
    {
        private int _fills;

        public int Fills => Volatile.Read(ref _fills);

        public int FailAfter { get; init; } = int.MaxValue;

        public Exception Failure { get; init; } = new IOException("away");

        public int Partition => 0;

        public string? Topic => null;

        public string Stream => "endless";

        public CancellationToken Ending => CancellationToken.None;

        public CancellationToken Lost => CancellationToken.None;

        public ValueTask<Checkpoint> FillAsync(EventRecords into, Checkpoint after, long upTo, BatchLimits limits, CancellationToken cancellationToken)
        {
            if (Interlocked.Increment(ref _fills) > FailAfter)
            {
                throw Failure;
            }

            var last = Math.Min(upTo, after.Position + limits.MaxRecords);
            for (var position = after.Position + 1; position <= last; position++)
            {
                into.Add(new RecordEntry { Position = position });
            }

            return ValueTask.FromResult(new Checkpoint(last));
        }

        public void Stored(Checkpoint progress)
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
