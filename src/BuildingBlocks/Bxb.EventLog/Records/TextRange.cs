namespace Bxb.EventLog.Records;

/// <summary>Where a UTF-8 text stands in the buffer of the block that it belongs to.</summary>
/// <param name="Offset">Bytes from the buffer's start.</param>
/// <param name="Length">Bytes.</param>
public readonly record struct TextRange(int Offset, int Length);
