using Bxb.Analytics.Loading.Epochs;
using Bxb.Riders;

namespace Bxb.Analytics.Loading.Inserts;

/// <summary>The batch of one partition in a <see cref="CoalescedInsert"/>.</summary>
/// <param name="batch">Borrowed until the insert has written its rows, or the partition has left the insert.</param>
/// <param name="months">The number of months that the batch spans.</param>
/// <param name="epoch">The epoch of the partition.</param>
internal sealed class CoalescedBatch(EventBatch batch, int months, Epoch epoch)
{
    internal EventBatch Batch => batch;

    internal int Months => months;

    internal Epoch Epoch => epoch;

    /// <summary>The number of rows of the batch; valid after the insert was closed.</summary>
    internal int Rows { get; set; }

    /// <summary>The highest position of its rows, or 0; valid after the insert was closed.</summary>
    internal long HighestPosition { get; set; }
}
