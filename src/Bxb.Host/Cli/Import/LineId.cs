using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Bxb.Host.Cli.Import;

/// <summary>The transaction id of a line without one: a hash of the file's name, the line's number and its bytes. Not thread-safe.</summary>
/// <remarks>
/// A file imported twice changes nothing, and equal lines in one file or in two files are two events. A renamed file, or one with a line inserted, has other ids; <c>--file-id</c> keeps the old name.
/// </remarks>
internal sealed class LineId(string fileId) : IDisposable
{
    /// <summary>Length of an id in bytes: <c>line-</c> and 32 hexadecimal digits.</summary>
    public const int Length = 37;

    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly byte[] _name = Encoding.UTF8.GetBytes(fileId);

    /// <summary>Writes the id of a line in ASCII.</summary>
    /// <param name="lineNumber">From 1.</param>
    /// <param name="line">The line without its end.</param>
    /// <param name="id">At least <see cref="Length"/> bytes.</param>
    public void Write(long lineNumber, ReadOnlySpan<byte> line, Span<byte> id)
    {
        Span<byte> number = stackalloc byte[9];
        number[0] = 0;
        BinaryPrimitives.WriteInt64LittleEndian(number[1..], lineNumber);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        _hash.AppendData(_name);
        _hash.AppendData(number);
        _hash.AppendData(line);
        _hash.GetHashAndReset(digest);
        "line-"u8.CopyTo(id);
        Convert.TryToHexStringLower(digest[..16], id[5..], out _);
    }

    /// <inheritdoc />
    public void Dispose() => _hash.Dispose();
}
