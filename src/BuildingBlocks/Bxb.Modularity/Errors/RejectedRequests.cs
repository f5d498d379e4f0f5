using System.Diagnostics;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Modularity.Errors;

/// <summary>
/// Answers requests that Kestrel rejects while it parses them, such as <c>%00</c> in a path or an endless header. They reach no middleware, and Kestrel's own answer has no body.
/// The output of each connection is wrapped. After Kestrel's event about a bad request, its answer is replaced by a problem document.
/// </summary>
/// <remarks>Not for TLS endpoints, whose output is encrypted below the wrapper. They keep Kestrel's own answer.</remarks>
public static class RejectedRequests
{
    private const string BadRequestEvent = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Wraps the connections of every endpoint. <see cref="ProblemMiddlewareRegistration.UseProblemDocuments"/> subscribes to the event.</summary>
    public static void AnswerRejectedRequests(this KestrelServerOptions kestrel)
    {
        ArgumentNullException.ThrowIfNull(kestrel);
        kestrel.ConfigureEndpointDefaults(static endpoint =>
        {
            var time = endpoint.ApplicationServices.GetService<TimeProvider>() ?? TimeProvider.System;
            endpoint.Use(next => connection =>
            {
                var transport = connection.Transport;
                var output = new RejectionWriter(transport.Output, time);
                connection.Features.Set(output);
                connection.Transport = new WrappedTransport(transport.Input, output);
                return next(connection);
            });
        });
    }

    internal static void Listen(IServiceProvider services)
        => services.GetService<DiagnosticListener>()?.Subscribe(new Observer(), static name => name == BadRequestEvent);

    /// <summary>The code for a status that Kestrel sends; null if Kestrel's own answer has more content, such as <c>Allow</c> of 405.</summary>
    private static ErrorCode? CodeOf(int status) => status switch
    {
        StatusCodes.Status400BadRequest => ErrorCode.InvalidRequest,
        StatusCodes.Status408RequestTimeout => ErrorCode.RequestTimeout,
        StatusCodes.Status413PayloadTooLarge => ErrorCode.PayloadTooLarge,
        StatusCodes.Status414UriTooLong => ErrorCode.TargetTooLong,
        StatusCodes.Status431RequestHeaderFieldsTooLarge => ErrorCode.HeadersTooLarge,
        _ => null,
    };

    private sealed class Observer : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is IFeatureCollection features && features.Get<RejectionWriter>() is { } output
                && features.Get<ITlsHandshakeFeature>() is null && features.Get<IHttpResponseFeature>() is not { HasStarted: true }
                && features.Get<IBadRequestExceptionFeature>()?.Error is Microsoft.AspNetCore.Http.BadHttpRequestException bad && CodeOf(bad.StatusCode) is { } code)
            {
                output.Reject(code);
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }
    }

    private sealed record WrappedTransport(System.IO.Pipelines.PipeReader Input, System.IO.Pipelines.PipeWriter Output) : System.IO.Pipelines.IDuplexPipe;
}
