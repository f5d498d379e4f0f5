namespace Bxb.Riders.Compliance;

/// <summary>A delivery to a consumer, kept after the batch has ended.</summary>
public sealed record Delivered(string Group, long First, long Last, IReadOnlyList<long> Positions, int Attempt, bool IsRepeat, long Epoch)
{
    /// <summary>Copies the batch while it is valid.</summary>
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
