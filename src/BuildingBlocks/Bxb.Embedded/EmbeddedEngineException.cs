namespace Bxb.Embedded;

/// <summary>An embedded engine cannot be started or did not become ready. The message names the engine, the cause and the remedy.</summary>
public sealed class EmbeddedEngineException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>A folder that cannot be created, read or written: permissions, a read-only or a full disk.</summary>
    internal static EmbeddedEngineException Unusable(string what, Exception cause) => new($"{what} cannot be used: {cause.Message}", cause);
}
