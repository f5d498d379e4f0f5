using Bxb.EventLog;
using Bxb.Modularity.Errors;

namespace Bxb.Ingestion.Http;

/// <summary>Answers 503 when the log is unavailable.</summary>
internal static class EventLogCalls
{
    /// <summary>Awaits a query of the log.</summary>
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
