using System.Globalization;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;

namespace Bxb.Modularity.Http;

/// <summary>The members of an error answer, for the API description; <see cref="ProblemDocument"/> writes them.</summary>
/// <param name="Type">A URN of the code.</param>
/// <param name="Title">The same for every occurrence.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">About this occurrence.</param>
/// <param name="Code">Stable; clients branch on it.</param>
/// <param name="Errors">The faults of the request, at most 100.</param>
public sealed record Problem(string Type, string Title, int Status, string Detail, string Code, IReadOnlyList<ApiFault>? Errors = null);

/// <summary>What endpoints say of themselves in <c>/openapi/v1.json</c>.</summary>
public static class ApiDescription
{
    /// <summary>Documents the errors that the call answers with. May be called more than once; codes of one status are described together.</summary>
    public static TBuilder Problems<TBuilder>(this TBuilder builder, params ErrorCode[] codes)
        where TBuilder : IEndpointConventionBuilder
    {
        foreach (var code in codes)
        {
            builder.WithMetadata(new ProblemMetadata(code));
        }

        return builder.AddOpenApiOperationTransformer((operation, context, _) =>
        {
            foreach (var status in context.Description.ActionDescriptor.EndpointMetadata.OfType<ProblemMetadata>().GroupBy(p => p.StatusCode))
            {
                if (operation.Responses?.TryGetValue(status.Key.ToString(CultureInfo.InvariantCulture), out var response) == true)
                {
                    response.Description = string.Join(' ', status.Select(p => $"`{p.Code.Code}`: {p.Code.Title}").Distinct());
                }
            }

            return Task.CompletedTask;
        });
    }

    /// <summary>Documents the JSON body. A request of another media type is answered 415 before authentication.</summary>
    public static IEndpointConventionBuilder Takes<TBody>(this IEndpointConventionBuilder endpoint, bool isOptional = false)
        => endpoint.WithMetadata(new AcceptsMetadata([ApiCalls.Json], typeof(TBody), isOptional));

    /// <summary>Documents an answer.</summary>
    /// <param name="endpoint">The call.</param>
    /// <param name="status">Its HTTP status.</param>
    /// <param name="description">When it is given; null for the status's own words.</param>
    /// <param name="contentType">The media type of its body.</param>
    public static IEndpointConventionBuilder Gives<TBody>(
        this IEndpointConventionBuilder endpoint, int status = StatusCodes.Status200OK, string? description = null, string contentType = ApiCalls.Json)
        => endpoint.WithMetadata(new AnswerMetadata(status, typeof(TBody), description, [contentType]));

    /// <summary>Documents an answer without a body.</summary>
    public static IEndpointConventionBuilder GivesNothing(this IEndpointConventionBuilder endpoint, int status = StatusCodes.Status204NoContent)
        => endpoint.WithMetadata(new AnswerMetadata(status, typeof(void), Description: null, []));

    /// <summary>Documents a segment of the path.</summary>
    public static TBuilder DescribePath<TBuilder>(this TBuilder builder, string name, string description, JsonSchemaType type = JsonSchemaType.String)
        where TBuilder : IEndpointConventionBuilder
        => builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            var known = operation.Parameters.FirstOrDefault(p => p.Name == name && p.In == ParameterLocation.Path);
            if (known is not null)
            {
                operation.Parameters.Remove(known);
            }

            operation.Parameters.Add(new OpenApiParameter
            {
                Name = name, In = ParameterLocation.Path, Required = true, Description = description, Schema = new OpenApiSchema { Type = type },
            });
            return Task.CompletedTask;
        });

    private sealed record AnswerMetadata(int StatusCode, Type? Type, string? Description, IEnumerable<string> ContentTypes) : IProducesResponseTypeMetadata;

    private sealed record ProblemMetadata(ErrorCode Code) : IProducesResponseTypeMetadata
    {
        public int StatusCode => Code.Status;

        public Type? Type => typeof(Problem);

        public IEnumerable<string> ContentTypes => ["application/problem+json"];
    }
}
