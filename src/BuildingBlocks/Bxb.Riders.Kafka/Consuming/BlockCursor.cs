namespace Bxb.Riders.Kafka.Consuming;

/// <summary>Walks over what was fetched of an assigned partition, value by value, since its last seek. One reader at a time; owns the block in hand until it is read or dropped.</summary>
internal sealed class BlockCursor(AssignedPartition partition, TopicEndpoint endpoint)
{
    private RecordBlock? _block;
    private int _next;
    private int _seek;

    /// <summary>The offset of the value in hand.</summary>
    public long Offset => _block!.Offset(_next);

    /// <summary>The value in hand. Valid until <see cref="Advance"/> or <see cref="Drop"/>.</summary>
    public ReadOnlySpan<byte> Value => _block!.Value(_next);

    /// <summary>Continues from an offset. What was fetched before is dropped.</summary>
    /// <exception cref="OperationCanceledException">The token fired, or the partition was lost.</exception>
    public async Task SeekAsync(long offset, CancellationToken cancellationToken) => _seek = await partition.SeekAsync(offset, cancellationToken);

    /// <summary>Whether there is a value in hand; takes the next block that was fetched where the last one is read.</summary>
    public bool HasValue()
    {
        while (_block is null || _next == _block.Count)
        {
            Drop();
            if (!partition.Blocks.TryRead(out var block))
            {
                return false;
            }

            (_block, _next) = (block, block.Seek == _seek ? 0 : block.Count);
        }

        return true;
    }

    /// <summary>Moves behind the value in hand.</summary>
    public void Advance() => _next++;

    /// <summary>Gives the block in hand back.</summary>
    public void Drop()
    {
        if (_block is { } block)
        {
            _block = null;
            partition.Taken(block, endpoint.Resume);
            block.Dispose();
        }
    }
}
