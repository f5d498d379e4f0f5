using Microsoft.AspNetCore.Http;

namespace Bxb.Modularity.Http;

/// <summary>One call of the API: reads the request, does the work, writes the answer. Dependencies come by constructor.</summary>
/// <remarks>One instance answers all requests at once, so it keeps nothing of a request. Mapped by <see cref="ApiCalls.MapCall{TCall}"/>.</remarks>
public interface IApiCall
{
    /// <summary>Answers one request.</summary>
    /// <exception cref="Errors.ApiException">The answer is a problem document.</exception>
    Task AnswerAsync(HttpContext context);
}
