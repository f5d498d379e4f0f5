using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Intake;

/// <summary>The W3C trace context that goes into the log with a request's events, so that a trace can be followed to every store.</summary>
internal static class TraceContext
{
    /// <summary>The host's span if it is being recorded, else the header the caller sent if it is well-formed. No trace, no bytes in the log.</summary>
    public static string? Of(HttpContext context)
    {
        if (Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C } span)
        {
            return span.Id;
        }

        var header = context.Request.Headers.TraceParent;
        return header.Count == 1 && header[0] is { Length: 55 } text && ActivityContext.TryParse(text, traceState: null, out _) ? text : null;
    }
}
