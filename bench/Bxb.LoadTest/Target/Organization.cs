namespace Bxb.LoadTest.Target;

/// <summary>An organization under load.</summary>
/// <param name="Name">For people.</param>
/// <param name="ApiKey">May ingest, read and manage.</param>
internal sealed record Organization(string Name, string ApiKey);
