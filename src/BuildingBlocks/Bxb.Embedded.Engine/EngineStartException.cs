namespace Bxb.Embedded.Engine;

/// <summary>The engine cannot start; the message goes to standard error, where the host reads it.</summary>
internal sealed class EngineStartException(string message) : Exception(message);
