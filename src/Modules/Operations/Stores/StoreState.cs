namespace Bxb.Operations.Stores;

/// <summary>One store.</summary>
/// <param name="Available">Whether it answers, as last seen.</param>
/// <param name="Writable">Whether it takes writes; only of PostgreSQL.</param>
internal sealed record StoreState(bool Available, bool? Writable);
