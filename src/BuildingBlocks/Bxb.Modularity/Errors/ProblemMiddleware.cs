using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Bxb.Modularity.Errors;

/// <summary>Answers exceptions of endpoints, and statuses without a body such as 404 and 405, with problem documents.</summary>
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
            await ProblemDocument.WriteAsync(context, ErrorCode.InternalError, "The log of the host has the details.");
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
            StatusCodes.Status405MethodNotAllowed => ProblemDocument.WriteAsync(context, ErrorCode.MethodNotAllowed, "The header Allow lists the methods of this path."),
            StatusCodes.Status415UnsupportedMediaType => ProblemDocument.WriteAsync(context, ErrorCode.UnsupportedMediaType, "The body must be application/json."),
            StatusCodes.Status413PayloadTooLarge => ProblemDocument.WriteAsync(context, ErrorCode.PayloadTooLarge, "The body is larger than the host takes."),
            _ => Task.CompletedTask,
        };
    }

    /// <summary>Resets the answer of the endpoint, but keeps the headers that every answer has.</summary>
    private static void Reset(HttpContext context)
    {
        context.Response.Headers.ContentLength = null;
        context.Response.ContentType = null;
    }

    [LoggerMessage(1, LogLevel.Error, "{Method} {Path} failed.")]
    private static partial void LogFailure(ILogger logger, Exception failure, string method, PathString path);
}

/// <summary>Registers error answers.</summary>
public static class ProblemMiddlewareRegistration
{
    /// <summary>Adds error answers for all middleware after it.</summary>
    /// <param name="app">The application.</param>
    /// <param name="translate">Returns the answer for an exception that is not a defect, such as an unavailable store; null for others, which are answered 500 and logged.</param>
    public static IApplicationBuilder UseProblemDocuments(this IApplicationBuilder app, Func<Exception, ApiException?>? translate = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        RejectedRequests.Listen(app.ApplicationServices);
        return app.UseMiddleware<ProblemMiddleware>(translate ?? (static _ => null));
    }
}
