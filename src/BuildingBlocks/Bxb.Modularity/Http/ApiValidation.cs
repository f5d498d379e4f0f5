using Bxb.Modularity.Errors;
using Bxb.Primitives.Json;
using FluentValidation;

namespace Bxb.Modularity.Http;

/// <summary>Checks requests by their validators.</summary>
public static class ApiValidation
{
    /// <summary>Checks a request by its rules.</summary>
    /// <exception cref="ApiException">422, with a JSON Pointer to every fault.</exception>
    public static async Task CheckAsync<T>(this IValidator<T> rules, T request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(rules);
        var result = await rules.ValidateAsync(request, cancellationToken);
        if (!result.IsValid)
        {
            throw new ApiException(
                ErrorCode.ValidationFailed, "The request is well-formed, but not valid.",
                [.. result.Errors.Select(failure => new ApiFault(JsonPointer.FromPropertyPath(failure.PropertyName), failure.ErrorMessage))]);
        }
    }
}
