namespace Bxb.LoadTest;

/// <summary>What ends a run without figures: a sentence for the person who started it.</summary>
internal sealed class LoadException(string message, Exception? inner = null) : Exception(message, inner);
