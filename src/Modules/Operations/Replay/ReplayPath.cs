using System.Globalization;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Replay;

/// <summary>The path <c>/v1/pipeline/groups/{group}/replays/{id}</c>.</summary>
internal static class ReplayPath
{
    public static string Group(HttpContext context) => (string)context.Request.RouteValues["group"]!;

    /// <summary>The replay's number; 0, which no replay has, for text that is no number.</summary>
    public static long Id(HttpContext context)
        => long.TryParse((string?)context.Request.RouteValues["id"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    public static ApiException NoGroup() => new(ErrorCode.NotFound, "There is no consumer group of this name.");

    public static ApiException NoReplay() => new(ErrorCode.NotFound, "The group has no replay of this number.");
}
