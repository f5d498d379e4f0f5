using System.Data.Common;
using System.Net.Sockets;
using Bxb.EventLog;
using MassTransit;

namespace Bxb.Riders;

/// <summary>The default answer to "will this failure pass".</summary>
public static class TransientFaults
{
    /// <summary>
    /// True for time-outs, cancelled waits, I/O and network errors, memory shortage, database errors that call themselves transient, and what the messaging framework throws
    /// by itself: none of them lies in a record. Inner exceptions count.
    /// </summary>
    public static bool IsTransient(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            EventLogException log => log.IsTransient,
            DbException database => database.IsTransient || Inner(database),
            MassTransitException or TimeoutException or OperationCanceledException or HttpRequestException or IOException or SocketException or OutOfMemoryException => true,
            AggregateException several => several.InnerExceptions.All(IsTransient),
            _ => Inner(exception),
        };
    }

    private static bool Inner(Exception exception) => exception.InnerException is { } inner && IsTransient(inner);
}
