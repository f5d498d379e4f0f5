using Bxb.Modularity.Authorization;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;

namespace Bxb.Operations.Letters;

/// <summary>Common parts of requests for dead letters.</summary>
internal static class DeadLetterRequest
{
    public const int MaxBodyBytes = 16 * 1024;

    /// <summary>The organization whose dead letters the caller may see; null for all, with the admin token.</summary>
    public static int? OrganizationOf(HttpContext context) => context.Caller() is { IsAdmin: false } caller ? caller.OrganizationId : null;

    public static ApiException NotFound() => new(ErrorCode.NotFound, "There is no dead letter with this number.");
}
