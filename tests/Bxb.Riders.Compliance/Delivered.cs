namespace Bxb.Riders.Compliance;

/// <summary>What a consumer was handed, kept after the batch is gone.</summary>
public sealed record Delivered(string Group, long First, long Last, IReadOnlyList<long> Positions, int Attempt, bool IsRepeat, long Epoch)
{
    /// <summary>Takes it down while the batch is alive.</summary>
    public static Delivered From(EventBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var positions = new long[batch.Count];
        for (var i = 0; i < positions.Length; i++)
        {
            positions[i] = batch[i].Position;
        }

        return new Delivered(batch.Group, batch.FirstPosition, batch.LastPosition, positions, batch.Attempt, batch.IsRepeat, batch.OwnerEpoch);
    }
}
