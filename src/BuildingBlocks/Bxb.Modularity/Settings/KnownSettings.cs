namespace Bxb.Modularity.Settings;

/// <summary>A part of the section <c>Bxb</c> that somebody reads, registered so that every other key can be refused.</summary>
/// <param name="Path">The path below <c>Bxb</c>, such as <c>Management</c>; empty for <c>Bxb</c> itself.</param>
/// <param name="Type">The options type whose settable properties are the keys.</param>
public sealed record KnownSettings(string Path, Type Type);
