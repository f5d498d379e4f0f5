namespace Bxb.Modularity.Errors;

/// <summary>One fault of a request, with its place.</summary>
/// <param name="Pointer">A JSON Pointer into the body (RFC 6901), or the name of a query parameter.</param>
/// <param name="Reason">The fault as a predicate.</param>
public readonly record struct ApiFault(string Pointer, string Reason);

/// <summary>Ends a request with a problem document. For paths that are not hot; the ingest path writes its faults without throwing.</summary>
public sealed class ApiException : Exception
{
    /// <summary>Creates an error with one sentence of detail and the faults of the request, if any.</summary>
    public ApiException(ErrorCode code, string detail, IReadOnlyList<ApiFault>? faults = null, TimeSpan? retryAfter = null)
        : base(detail)
    {
        Code = code;
        Faults = faults ?? [];
        RetryAfter = retryAfter;
    }

    /// <summary>The stable code and status.</summary>
    public ErrorCode Code { get; }

    /// <summary>The faults of the request; at most 100 of them are answered.</summary>
    public IReadOnlyList<ApiFault> Faults { get; }

    /// <summary>The time after which the caller may try again, sent in whole seconds, at least 1. Only with 429 and 503.</summary>
    public TimeSpan? RetryAfter { get; }
}
