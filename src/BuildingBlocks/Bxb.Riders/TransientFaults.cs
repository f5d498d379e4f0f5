using System.Data.Common;
using System.Net.Sockets;

namespace Bxb.Riders;

/// <summary>The default answer to "will this failure pass".</summary>
public static class TransientFaults
{
    /// <summary>True for time-outs, cancelled waits, I/O and network errors, memory shortage and database errors that call themselves transient; inner exceptions count.</summary>
    public static bool IsTransient(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception switch
        {
            DbException database => database.IsTransient || Inner(database),
            TimeoutException or OperationCanceledException or HttpRequestException or IOException or SocketException or OutOfMemoryException => true,
            AggregateException several => several.InnerExceptions.All(IsTransient),
            _ => Inner(exception),
        };
    }

    private static bool Inner(Exception exception) => exception.InnerException is { } inner && IsTransient(inner);
}
