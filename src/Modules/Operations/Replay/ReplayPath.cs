using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Replay;

/// <summary>The path <c>/v1/pipeline/groups/{group}/replays/{id}</c>.</summary>
internal static class ReplayPath
{
    public static string Group(HttpContext context) => (string)context.Request.RouteValues["group"]!;

    public static ApiException NoGroup() => new(ErrorCode.NotFound, "There is no consumer group with this name.");

    public static ApiException NoReplay() => new(ErrorCode.NotFound, "The group has no replay with this number.");
}
