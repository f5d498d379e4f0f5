using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bxb.Modularity.Errors;

/// <summary>Turns what an endpoint threw, and answers without a body such as 404 and 405, into problem documents.</summary>
internal sealed partial class ProblemMiddleware(RequestDelegate next, Func<Exception, ApiException?> translate, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (ApiException problem) when (!context.Response.HasStarted)
        {
            Reset(context);
            await ProblemDocument.WriteAsync(context, problem.Code, problem.Message, problem.Faults, problem.RetryAfter);
            return;
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            Reset(context);
            var code = bad.StatusCode switch
            {
                StatusCodes.Status408RequestTimeout => ErrorCode.RequestTimeout,
                StatusCodes.Status411LengthRequired => ErrorCode.LengthRequired,
                StatusCodes.Status413PayloadTooLarge => ErrorCode.PayloadTooLarge,
                StatusCodes.Status415UnsupportedMediaType => ErrorCode.UnsupportedMediaType,
                _ when bad.InnerException is System.Text.Json.JsonException => ErrorCode.InvalidJson,
                // The server throws a type of its own, about the framing of a body; the binding of parameters throws the base type.
                _ => bad.GetType() != typeof(BadHttpRequestException) ? ErrorCode.InvalidRequest : ErrorCode.InvalidParameter,
            };
            await ProblemDocument.WriteAsync(context, code, code.Title);
            return;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The caller has disconnected; the answer would reach no client.
            return;
        }
        catch (Exception failure) when (!context.Response.HasStarted && translate(failure) is { } problem)
        {
            Reset(context);
            await ProblemDocument.WriteAsync(context, problem.Code, problem.Message, problem.Faults, problem.RetryAfter);
            return;
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            LogFailure(logger, failure, context.Request.Method, context.Request.Path);
            Reset(context);
            await ProblemDocument.WriteAsync(context, ErrorCode.InternalError, "The host's log tells what it was.");
            return;
        }

        await FillEmptyAnswerAsync(context);
    }

    private static Task FillEmptyAnswerAsync(HttpContext context)
    {
        var response = context.Response;
        if (response.HasStarted || response.StatusCode < 400 || response.ContentType is not null || response.ContentLength is > 0)
        {
            return Task.CompletedTask;
        }

        return response.StatusCode switch
        {
            StatusCodes.Status400BadRequest => ProblemDocument.WriteAsync(context, ErrorCode.InvalidParameter, "A parameter of the request cannot be read."),
            StatusCodes.Status404NotFound => ProblemDocument.WriteAsync(context, ErrorCode.NotFound, "The path is not known."),
            StatusCodes.Status405MethodNotAllowed => ProblemDocument.WriteAsync(context, ErrorCode.MethodNotAllowed, "The methods that the path knows stand in Allow."),
            StatusCodes.Status415UnsupportedMediaType => ProblemDocument.WriteAsync(context, ErrorCode.UnsupportedMediaType, "The body must be application/json."),
            StatusCodes.Status413PayloadTooLarge => ProblemDocument.WriteAsync(context, ErrorCode.PayloadTooLarge, "The body is larger than the host takes."),
            _ => Task.CompletedTask,
        };
    }

    /// <summary>Drops what the endpoint had set, but keeps the headers that go with every answer.</summary>
    private static void Reset(HttpContext context)
    {
        context.Response.Headers.ContentLength = null;
        context.Response.ContentType = null;
    }

    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed.")]
    private static partial void LogFailure(ILogger logger, Exception failure, string method, PathString path);
}

/// <summary>Registers the answering of errors.</summary>
public static class ProblemMiddlewareRegistration
{
    /// <summary>Puts error answers around everything that is added after it.</summary>
    /// <param name="app">The application.</param>
    /// <param name="translate">The answer for an exception that is no defect, such as that of a store that is away; null for any other, which is answered 500 and logged.</param>
    public static IApplicationBuilder UseProblemDocuments(this IApplicationBuilder app, Func<Exception, ApiException?>? translate = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        RejectedRequests.Listen(app.ApplicationServices);
        return app.UseMiddleware<ProblemMiddleware>(translate ?? (static _ => null));
    }
}
