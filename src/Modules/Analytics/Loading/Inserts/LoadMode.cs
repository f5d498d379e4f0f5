namespace Bxb.Analytics.Loading.Inserts;

/// <summary>The kind of insert for a batch.</summary>
internal enum LoadMode
{
    /// <summary>The batch was never sent.</summary>
    First,

    /// <summary>The batch was sent before, but the table contains none of it.</summary>
    Refill,

    /// <summary>The table may contain any part of the batch.</summary>
    Repair,
}
