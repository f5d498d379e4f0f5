using Bxb.Modularity.Authorization;

namespace Bxb.Operations.Replay;

/// <summary>The scope that starts and cancels replays.</summary>
internal sealed record ReplayScope(ApiScopes Needed);
