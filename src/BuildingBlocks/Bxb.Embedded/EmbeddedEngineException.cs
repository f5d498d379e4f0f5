namespace Bxb.Embedded;

/// <summary>An embedded engine cannot be started or did not become ready. The message says which one, why, and what to do.</summary>
public sealed class EmbeddedEngineException : Exception
{
    /// <summary>Creates it with a message for the person who started the host.</summary>
    public EmbeddedEngineException(string message)
        : base(message)
    {
    }

    /// <summary>Creates it with a message for the person who started the host, and what lies behind it.</summary>
    public EmbeddedEngineException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    /// <summary>A folder that cannot be made, read or written: permissions, a read-only or a full disk.</summary>
    internal static EmbeddedEngineException Unusable(string what, Exception cause) => new($"{what} cannot be used: {cause.Message}", cause);
}
