using Bxb.Riders.Kafka.Consuming;
using Bxb.Testing;
using Confluent.Kafka;
using Microsoft.Extensions.Time.Testing;

namespace Bxb.Riders.Kafka.Tests.Consuming;

/// <summary>A reader that is behind holds polling up; only one that has stopped reading has its partition paused.</summary>
public sealed class AssignedPartitionTests
{
    private const int MaxBytes = 1024 * 1024;
    private static readonly TopicPartition Place = new("topic", 0);
    private readonly FakeTimeProvider _time = new();
    private readonly AssignedPartition _partition;
    private readonly List<string> _client = [];
    private long _offset;

    public AssignedPartitionTests() => _partition = new AssignedPartition(Place, MaxBytes, _time);

    [Fact]
    public async Task A_reader_that_is_behind_holds_polling_up_until_it_has_read()
    {
        await FillAsync();
        IsFull().ShouldBeTrue();
        _time.Advance(TimeSpan.FromMilliseconds(400));
        Take();
        IsFull().ShouldBeFalse();

        // Full again: the reader reads, so the time begins anew.
        AddBlock();
        IsFull().ShouldBeTrue();
        _time.Advance(TimeSpan.FromMilliseconds(400));
        IsFull().ShouldBeTrue();
        _client.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_reader_that_reads_slowly_but_reads_is_waited_for()
    {
        await FillAsync(blocks: 20);
        for (var taken = 0; taken < 10; taken++)
        {
            IsFull().ShouldBeTrue();
            _time.Advance(TimeSpan.FromMilliseconds(400));
            Take();
        }

        _client.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_partition_whose_reader_has_stopped_is_paused_and_goes_on_when_half_was_read()
    {
        await FillAsync();
        IsFull().ShouldBeTrue();
        _time.Advance(TimeSpan.FromSeconds(1));

        // Others of the group are polled again meanwhile.
        IsFull().ShouldBeFalse();
        IsFull().ShouldBeFalse();
        _client.ShouldBe(["pause"]);
        Take();
        Take();
        _client.ShouldBe(["pause"]);
        Take();
        Take();
        _client.ShouldBe(["pause", "resume"]);
        IsFull().ShouldBeFalse();
    }

    [Fact]
    public async Task The_end_is_covered_once_every_record_before_it_is_processed()
    {
        await FillAsync(blocks: 3);
        _partition.EndAt(4).ShouldBeNull("records 0 to 2 are read and not processed");
        _partition.Processed(2).ShouldBe(2);
        _partition.Processed(3).ShouldBe(4, "a mark of a transaction stands at 3");

        _offset = 4;
        AddBlock();
        _partition.Processed(3).ShouldBe(4);
        _partition.Processed(5).ShouldBe(5);
        _partition.EndAt(6).ShouldBe(6);
        _partition.Processed(5).ShouldBe(6);
    }

    [Fact]
    public async Task An_end_that_was_met_before_a_seek_says_nothing_about_what_is_read_after_it()
    {
        await FillAsync(blocks: 3);
        _partition.Processed(3);
        var sought = _partition.SeekAsync(1, CancellationToken.None);
        _partition.EndAt(4).ShouldBeNull("a seek waits");
        _partition.Seek(_ => { });
        await sought;
        _partition.Processed(1).ShouldBe(1);
        _partition.EndAt(4).ShouldBe(4, "nothing stands between the place that was sought and the end");
    }

    private async Task FillAsync(int blocks = 5)
    {
        var sought = _partition.SeekAsync(0, CancellationToken.None);
        _partition.Seek(_ => { });
        await sought;
        for (var i = 0; i < blocks; i++)
        {
            AddBlock();
        }
    }

    private void AddBlock()
    {
        _partition.Append(_offset++, "value"u8);
        _partition.HandOver();
    }

    private bool IsFull() => _partition.IsFull(place =>
    {
        place.ShouldBe(Place);
        _client.Add("pause");
    });

    private void Take()
    {
        _partition.Blocks.TryRead(out var block).ShouldBeTrue();
        _partition.Taken(block!, _ => _client.Add("resume"));
        block!.Dispose();
    }
}
