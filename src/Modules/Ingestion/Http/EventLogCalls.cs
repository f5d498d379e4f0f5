using Bxb.EventLog;
using Bxb.Modularity.Errors;

namespace Bxb.Ingestion.Http;

/// <summary>Questions to the log, with its being away turned into the answer that callers know.</summary>
internal static class EventLogCalls
{
    /// <summary>Awaits an answer of the log.</summary>
    /// <exception cref="ApiException">503: the log does not answer.</exception>
    public static async Task<T> AskAsync<T>(Task<T> question)
    {
        try
        {
            return await question;
        }
        catch (EventLogUnavailableException)
        {
            throw new ApiException(ErrorCode.Unavailable, "The event log does not answer.");
        }
    }
}
