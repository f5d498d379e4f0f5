namespace Bxb.Operations.Stores;

/// <summary>One store.</summary>
/// <param name="Available">True when it answered last.</param>
/// <param name="Writable">True when it takes writes; only for PostgreSQL.</param>
internal sealed record StoreState(bool Available, bool? Writable);
