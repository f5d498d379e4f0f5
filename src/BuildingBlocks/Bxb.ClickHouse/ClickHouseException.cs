namespace Bxb.ClickHouse;

/// <summary>The server refused or broke off a statement, or could not be reached.</summary>
public sealed class ClickHouseException : Exception
{
    internal ClickHouseException(string message, int code, string name, bool isTransient, bool isTimeout, bool mayStillRun, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Name = name;
        IsTransient = isTransient;
        IsTimeout = isTimeout;
        MayStillRun = mayStillRun;
    }

    /// <summary>The server's error code, <c>system.errors</c>; 0 when the fault is on the way to it.</summary>
    public int Code { get; }

    /// <summary>
    /// The server's name for the code, such as <c>UNKNOWN_TABLE</c>; for a fault on the way one of ours: <c>CONNECTION</c>, <c>TIMEOUT</c>, <c>HANG</c>, <c>CUT_STREAM</c>, <c>UNPROVEN</c>,
    /// <c>MALFORMED</c>, <c>HTTP</c>.
    /// </summary>
    public string Name { get; }

    /// <summary>Whether the same statement may well succeed later, unchanged.</summary>
    public bool IsTransient { get; }

    /// <summary>Whether a time limit, the client's or the server's, ended it.</summary>
    public bool IsTimeout { get; }

    /// <summary>
    /// Whether it is unknown what became of the statement: it may be running yet, or may have succeeded. False when the server answered with an error's status, or was never reached.
    /// </summary>
    public bool MayStillRun { get; }

    /// <summary>Whether the server gave no sign of life.</summary>
    public bool IsHang => Name == "HANG";

    /// <summary>Whether every statement would fail, because the server cannot be reached: no connection, no answer in time, or a proxy without a server.</summary>
    public bool IsOutage => Code == 0 && IsTransient && !IsUnproven;

    /// <summary>Whether the answer said that all is well without the proof that belongs to it.</summary>
    public bool IsUnproven => Name == "UNPROVEN";
}
