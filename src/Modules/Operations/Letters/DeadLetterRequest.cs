using System.Globalization;
using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Letters;

/// <summary>The parts that requests for dead letters share.</summary>
internal static class DeadLetterRequest
{
    public const int MaxBodyBytes = 16 * 1024;

    /// <summary>The organization whose dead letters the caller may see; null for the admin token, which sees all.</summary>
    public static int? OrganizationOf(HttpContext context) => context.Caller() is { IsAdmin: false } caller ? caller.OrganizationId : null;

    /// <summary>The number in the path; 0, which no dead letter has, for text that is no number.</summary>
    public static long Id(HttpContext context)
        => long.TryParse((string?)context.Request.RouteValues["id"], NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    public static ApiException NotFound() => new(ErrorCode.NotFound, "There is no dead letter of this number.");
}
