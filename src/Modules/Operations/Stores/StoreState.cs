namespace Bxb.Operations.Stores;

/// <summary>A store.</summary>
/// <param name="Available">Whether it answered the last check.</param>
/// <param name="Writable">Whether it takes writes; only for PostgreSQL.</param>
internal sealed record StoreState(bool Available, bool? Writable);
