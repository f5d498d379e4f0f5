using System.Text.Json.Nodes;
using Bxb.Modularity.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.OpenApi;

namespace Bxb.Modularity.Http;

/// <summary>Refuses unknown query parameters: a misspelt filter must not select everything.</summary>
public static class AllowedQuery
{
    /// <summary>
    /// Allows these query parameters and no others, each once unless it is repeatable, and describes them. Others are answered 400 <c>invalid_parameter</c>, after
    /// authentication; so is a text that is not UTF-8 or contains NUL, which no stored text does. A request without a query costs one comparison.
    /// </summary>
    public static TBuilder AllowQuery<TBuilder>(this TBuilder builder, params QueryParameter[] parameters)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint =>
        {
            var answer = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => context.Request.QueryString.HasValue && Fault(context.Request, parameters) is { } fault
                ? ProblemDocument.WriteAsync(context, ErrorCode.InvalidParameter, $"The query parameter {fault.Pointer} {fault.Reason}.", [fault])
                : answer(context);
        });
        builder.AddOpenApiOperationTransformer((operation, _, _) =>
        {
            operation.Parameters ??= [];
            foreach (var parameter in parameters)
            {
                operation.Parameters.Add(Describe(parameter));
            }

            return Task.CompletedTask;
        });
        return builder.Problems(ErrorCode.InvalidParameter);
    }

    private static ApiFault? Fault(HttpRequest request, QueryParameter[] parameters)
    {
        if (QueryText.FirstMalformed(request.QueryString.Value) is { } malformed)
        {
            return new ApiFault(Shorten(malformed), "is not percent-encoded UTF-8");
        }

        foreach (var (name, values) in request.Query)
        {
            var known = Array.Find(parameters, p => p.Matches(name));
            if (known is null)
            {
                var names = string.Join(", ", parameters.Select(p => p.IsFamily ? p.Name + "[...]" : p.Name));
                return new ApiFault(Shorten(name), parameters.Length == 0 ? "is not known: this call takes none" : $"is not known; known are {names}");
            }

            if (name.Contains('\0', StringComparison.Ordinal) || values.Any(static v => v?.Contains('\0', StringComparison.Ordinal) == true))
            {
                return new ApiFault(Shorten(name), "must not contain the character NUL");
            }

            if (values.Count > 1 && !known.IsRepeatable && !known.IsFamily)
            {
                return new ApiFault(name, "must not be repeated");
            }
        }

        return null;
    }

    private static OpenApiParameter Describe(QueryParameter parameter)
    {
        IOpenApiSchema schema = new OpenApiSchema { Type = parameter.Type };
        if (parameter.IsFamily)
        {
            schema = new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } };
        }
        else if (parameter.IsRepeatable)
        {
            schema = new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema };
        }

        return new OpenApiParameter
        {
            Name = parameter.Name,
            In = ParameterLocation.Query,
            Description = parameter.Description.Length == 0 ? null : parameter.Description,
            Required = parameter.IsRequired,
            Style = parameter.IsFamily ? ParameterStyle.DeepObject : ParameterStyle.Form,
            Explode = true,
            Schema = schema,
        };
    }

    private static string Shorten(string name) => name.Length <= 64 ? name : string.Concat(name.AsSpan(0, 64), "...");
}
