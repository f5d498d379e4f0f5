namespace Bxb.EndToEnd.Tests.Hosting;

/// <summary>A shared library for Linux x64 whose initializer is an instruction that no processor has: loading it ends the process by SIGILL.</summary>
internal static class TrappingLibrary
{
    private const int Headers = 64 + (3 * 56);
    private const int Dynamic = Headers + 8;
    private const int DynamicBytes = 6 * 16;
    private const int Strings = Dynamic + DynamicBytes;
    private const int Symbols = Strings + 8;
    private const int Code = Symbols + 24;
    private const int Length = Code + 8;

    /// <summary>Writes the library, in ELF.</summary>
    public static void Write(string path)
    {
        using var writer = new BinaryWriter(File.Create(path));
        // 64 bits, little endian, ELF version 1; a shared object for x86-64.
        writer.Write([0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        writer.Write((ushort)3);
        writer.Write((ushort)62);
        writer.Write(1);
        // No entry point; program headers at 64; no section headers.
        writer.Write(0L);
        writer.Write(64L);
        writer.Write(0L);
        writer.Write(0);
        foreach (var value in new ushort[] { 64, 56, 3, 64, 0, 0 })
        {
            writer.Write(value);
        }

        // PT_LOAD of the whole file (read, write, execute), PT_DYNAMIC, PT_GNU_STACK (no execution).
        ProgramHeader(writer, 1, 7, 0, Length, 4096);
        ProgramHeader(writer, 2, 6, Dynamic, DynamicBytes, 8);
        ProgramHeader(writer, 0x6474E551, 6, 0, 0, 16);
        writer.Write(0L);
        // DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_INIT, DT_NULL.
        foreach (var (tag, value) in new (long, long)[] { (5, Strings), (6, Symbols), (10, 8), (11, 24), (12, Code), (0, 0) })
        {
            writer.Write(tag);
            writer.Write(value);
        }

        writer.Write(new byte[Code - Strings]);
        // ud2.
        writer.Write([0x0F, 0x0B, 0, 0, 0, 0, 0, 0]);
    }

    private static void ProgramHeader(BinaryWriter writer, int type, int flags, long at, long length, long align)
    {
        writer.Write(type);
        writer.Write(flags);
        foreach (var value in new[] { at, at, at, length, length, align })
        {
            writer.Write(value);
        }
    }
}
