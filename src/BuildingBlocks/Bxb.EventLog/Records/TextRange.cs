namespace Bxb.EventLog.Records;

/// <summary>The place of a UTF-8 text in its buffer.</summary>
/// <param name="Offset">Bytes from the buffer's start.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct TextRange(int Offset, int Length);
