using System.Collections.Frozen;
using Bxb.Analytics.Loading.Epochs;
using Bxb.Analytics.Schema;
using Bxb.ClickHouse;
using Bxb.Riders;

namespace Bxb.Analytics.Loading;

/// <summary>Distinguishes failures of ClickHouse from failures caused by an event.</summary>
/// <remarks>Only the latter may send an event to the dead letters. A missing table, a wrong password or a full disk must not, however long it lasts.</remarks>
internal static class LoadingFaults
{
    /// <summary>ClickHouse's error codes for a value that cannot be read or stored.</summary>
    private static readonly FrozenSet<int> ValueRefused = FrozenSet.ToFrozenSet(
    [
        6, // CANNOT_PARSE_TEXT
        25, // CANNOT_PARSE_ESCAPE_SEQUENCE
        26, // CANNOT_PARSE_QUOTED_STRING
        27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
        32, // ATTEMPT_TO_READ_AFTER_EOF
        33, // CANNOT_READ_ALL_DATA
        53, // TYPE_MISMATCH
        69, // ARGUMENT_OUT_OF_BOUND
        70, // CANNOT_CONVERT_TYPE
        72, // CANNOT_PARSE_NUMBER
        117, // INCORRECT_DATA
        128, // TOO_LARGE_ARRAY_SIZE
        131, // TOO_LARGE_STRING_SIZE
    ]);

    /// <summary>Whether the failure can pass without a change of the event.</summary>
    internal static bool IsTransient(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e is EpochRefusedException or CopyInterruptedException)
            {
                return true;
            }

            if (e is ClickHouseException clickHouse)
            {
                // An error after status 200 may not come from the server, so it must not blame an event.
                return clickHouse.MayStillRun || !ValueRefused.Contains(clickHouse.Code);
            }
        }

        return TransientFaults.IsTransient(exception);
    }
}
