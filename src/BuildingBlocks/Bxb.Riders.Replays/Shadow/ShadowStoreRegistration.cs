namespace Bxb.Riders.Replays.Shadow;

/// <summary>A group whose store can be copied.</summary>
internal sealed record ShadowStoreRegistration(string Group, Func<IServiceProvider, IShadowStore> Create);
