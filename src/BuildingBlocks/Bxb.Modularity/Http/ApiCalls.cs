using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Modularity.Http;

/// <summary>Maps calls and writes their answers.</summary>
public static class ApiCalls
{
    /// <summary>The media type of bodies and answers.</summary>
    public const string Json = "application/json";

    /// <summary>
    /// Maps a call as a plain request delegate: no binding of parameters and no scope of services per request. The instance is made here, from singletons.
    /// </summary>
    /// <param name="endpoints">Takes the call.</param>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The route pattern.</param>
    public static IEndpointConventionBuilder MapCall<TCall>(this IEndpointRouteBuilder endpoints, string method, string path)
        where TCall : class, IApiCall
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        RequestDelegate answer = ActivatorUtilities.CreateInstance<TCall>(endpoints.ServiceProvider).AnswerAsync;
        var endpoint = endpoints.MapMethods(path, [method], answer);
        // The API document leaves request delegates out unless they carry their method.
        endpoint.Add(builder => builder.Metadata.Add(answer.Method));
        return endpoint;
    }

    /// <summary>Answers a value as JSON.</summary>
    /// <param name="context">The request; its answer must not have started.</param>
    /// <param name="value">The answer.</param>
    /// <param name="status">The HTTP status.</param>
    /// <param name="contentType">The media type, with its parameters.</param>
    public static Task AnswerJsonAsync<T>(this HttpContext context, T value, int status = StatusCodes.Status200OK, string contentType = Json)
    {
        ArgumentNullException.ThrowIfNull(context);
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(value, ApiJson.Options, contentType, context.RequestAborted);
    }
}
