using System.Data.Common;
using System.Net.Sockets;
using Bxb.EventLog;
using MassTransit;

namespace Bxb.Riders;

/// <summary>The default of <see cref="EventConsumerOptions.IsTransient"/>.</summary>
public static class TransientFaults
{
    /// <summary>
    /// True for time-outs, cancelled waits, I/O and network errors, database errors that report themselves as transient, and exceptions of the messaging framework: no record causes them. Inner
    /// exceptions count. False for a shortage of memory: half a batch needs less of it, so the batch is halved.
    /// </summary>
    public static bool IsTransient(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            OutOfMemoryException => false,
            EventLogException log => log.IsTransient,
            DbException database => database.IsTransient || Inner(database),
            MassTransitException or TimeoutException or OperationCanceledException or HttpRequestException or IOException or SocketException => true,
            AggregateException several => several.InnerExceptions.All(IsTransient),
            _ => Inner(exception),
        };
    }

    private static bool Inner(Exception exception) => exception.InnerException is { } inner && IsTransient(inner);
}
