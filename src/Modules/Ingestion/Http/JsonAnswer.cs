using System.Text.Json;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>Writes the answers of the event calls directly into the response.</summary>
internal static class JsonAnswer
{
    /// <summary>The header with the highest position of the request.</summary>
    public const string PositionHeader = "Bxb-Position";

    public static void SetPosition(HttpContext context, long position)
        => context.Response.Headers[PositionHeader] = position.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Begins an answer; <see cref="SendAsync"/> ends it.</summary>
    public static Utf8JsonWriter Begin(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        return new Utf8JsonWriter(context.Response.BodyWriter, ApiJson.WriterOptions);
    }

    /// <summary>Sends the answer with its length. Nothing was sent before.</summary>
    public static async Task SendAsync(HttpContext context, Utf8JsonWriter writer)
    {
        await using (writer)
        {
            // Copies the bytes to the buffer of the response; the next flush sends them.
            await writer.FlushAsync(context.RequestAborted);
            context.Response.ContentLength = writer.BytesCommitted;
        }

        await context.Response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Answers a refused request. When the caller has disconnected, the connection is aborted instead.</summary>
    public static Task RefuseAsync(HttpContext context, Refusal refusal, TimeSpan retryAfter)
    {
        if (ReferenceEquals(refusal, Refusal.CallerGone))
        {
            context.Abort();
            return Task.CompletedTask;
        }

        return ProblemDocument.WriteAsync(context, refusal.Code, refusal.Detail, refusal.Faults, retryAfter);
    }
}
