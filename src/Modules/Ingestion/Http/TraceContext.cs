using System.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace Bxb.Ingestion.Http;

/// <summary>The W3C trace context that is stored with a request's events, so that a trace leads to every store.</summary>
internal static class TraceContext
{
    /// <summary>Returns the span of the host if it is recorded, else the header of the caller if it is well-formed, else null.</summary>
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
