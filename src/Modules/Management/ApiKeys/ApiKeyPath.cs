using System.Globalization;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Http;

namespace Bxb.Management.ApiKeys;

/// <summary>The numbers in the path <c>/v1/organizations/{id}/api_keys/{key_id}</c>.</summary>
internal static class ApiKeyPath
{
    /// <summary>The organization's id, greater than 0.</summary>
    /// <exception cref="ApiException">404: no organization can have this id.</exception>
    public static int OrganizationId(HttpContext context) => (int)Number(context, "id", int.MaxValue);

    /// <summary>The key's id, greater than 0.</summary>
    /// <exception cref="ApiException">404: no key can have this id.</exception>
    public static long KeyId(HttpContext context) => Number(context, "key_id", long.MaxValue);

    private static long Number(HttpContext context, string name, long max)
        => long.TryParse(context.Request.RouteValues[name] as string, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= max
            ? number
            : throw new ApiException(ErrorCode.NotFound, "The path names nothing that exists.");
}
