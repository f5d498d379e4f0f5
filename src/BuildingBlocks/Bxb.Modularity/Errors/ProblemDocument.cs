using System.Buffers;
using System.Text.Json;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;

namespace Bxb.Modularity.Errors;

/// <summary>Writes error answers as <c>application/problem+json</c> (RFC 9457) with the members <c>code</c> and <c>errors</c>.</summary>
public static class ProblemDocument
{
    /// <summary>Maximum number of faults in one answer.</summary>
    public const int MaxFaults = 100;

    /// <summary>Writes the whole answer: status, headers, body.</summary>
    /// <param name="context">The request; its answer must not have started.</param>
    /// <param name="code">The code of the error.</param>
    /// <param name="detail">One sentence about this occurrence. Must not name internals of the host.</param>
    /// <param name="faults">The faults of the request; null if there is only the detail.</param>
    /// <param name="retryAfter">With 429 and 503: the time after which to try again. Default 1 s.</param>
    /// <param name="extra">Writes further members into the open object, such as <c>recorded</c> of a conflict.</param>
    public static async Task WriteAsync(
        HttpContext context, ErrorCode code, string detail, IReadOnlyList<ApiFault>? faults = null, TimeSpan? retryAfter = null, Action<Utf8JsonWriter>? extra = null)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(code);
        var response = context.Response;
        response.StatusCode = code.Status;
        response.ContentType = "application/problem+json";
        if (code.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable)
        {
            var seconds = Math.Max(1, (int)Math.Ceiling((retryAfter ?? TimeSpan.FromSeconds(1)).TotalSeconds));
            response.Headers.RetryAfter = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        Write(response.BodyWriter, code, detail, faults, extra);
        await response.BodyWriter.FlushAsync(context.RequestAborted);
    }

    /// <summary>Writes the document alone.</summary>
    internal static void Write(IBufferWriter<byte> output, ErrorCode code, string detail, IReadOnlyList<ApiFault>? faults = null, Action<Utf8JsonWriter>? extra = null)
    {
#pragma warning disable MA0045 // The output is a buffer: there is nothing to wait for.
        using var writer = new Utf8JsonWriter(output, ApiJson.WriterOptions);
#pragma warning restore MA0045
        writer.WriteStartObject();
        writer.WriteString("type", "urn:bxb:error:" + code.Code);
        writer.WriteString("title", code.Title);
        writer.WriteNumber("status", code.Status);
        writer.WriteString("detail", detail);
        writer.WriteString("code", code.Code);
        if (faults is { Count: > 0 })
        {
            writer.WriteStartArray("errors");
            foreach (var fault in faults.Take(MaxFaults))
            {
                writer.WriteStartObject();
                writer.WriteString("pointer", fault.Pointer);
                writer.WriteString("reason", fault.Reason);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        extra?.Invoke(writer);
        writer.WriteEndObject();
    }
}
