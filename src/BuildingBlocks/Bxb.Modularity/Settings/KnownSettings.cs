namespace Bxb.Modularity.Settings;

/// <summary>A known part of the section <c>Bxb</c>; all other keys are refused.</summary>
/// <param name="Path">The path below <c>Bxb</c>, such as <c>Management</c>; empty for <c>Bxb</c> itself.</param>
/// <param name="Type">The options type whose settable properties are the keys.</param>
/// <param name="Except">A property that the host sets and that is no key; null if there is none.</param>
public sealed record KnownSettings(string Path, Type Type, string? Except = null);
