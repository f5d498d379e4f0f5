using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Bxb.Management.Authentication;

/// <summary>The SHA-256 of a key, a dictionary key without allocation. Compares in constant time.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly struct KeyHash : IEquatable<KeyHash>
{
    /// <summary>The most characters of a key.</summary>
    public const int MaxKeyLength = 512;

    private readonly long _a;
    private readonly long _b;
    private readonly long _c;
    private readonly long _d;

    /// <summary>Hashes a key of at most <see cref="MaxKeyLength"/> characters on the stack.</summary>
    public static KeyHash Of(ReadOnlySpan<char> key)
    {
        Span<byte> utf8 = stackalloc byte[MaxKeyLength * 3];
        var length = Encoding.UTF8.GetBytes(key, utf8);
        var hash = default(KeyHash);
        SHA256.HashData(utf8[..length], MemoryMarshal.AsBytes(new Span<KeyHash>(ref hash)));
        CryptographicOperations.ZeroMemory(utf8[..length]);
        return hash;
    }

    /// <summary>A new key: <c>bxb_</c> and 32 random bytes in base64url.</summary>
    public static string NewKey()
    {
        Span<byte> random = stackalloc byte[32];
        RandomNumberGenerator.Fill(random);
        return "bxb_" + Base64Url.EncodeToString(random);
    }

    public byte[] ToArray() => Bytes(in this).ToArray();

    public bool Equals(KeyHash other) => CryptographicOperations.FixedTimeEquals(Bytes(in this), Bytes(in other));

    public override bool Equals(object? obj) => obj is KeyHash other && Equals(other);

    // Part of a SHA-256: callers cannot choose collisions.
    public override int GetHashCode() => (int)_a;

    private static ReadOnlySpan<byte> Bytes(in KeyHash hash) => MemoryMarshal.AsBytes(new ReadOnlySpan<KeyHash>(in hash));
}
