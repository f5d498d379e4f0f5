using System.Text;
using Bxb.Host.Cli.Import;

namespace Bxb.Host.Tests.Cli.Import;

public sealed class LineReaderTests
{
    private const int Bound = 40;

    [Fact]
    public async Task Any_bytes_in_any_pieces_give_the_lines_that_splitting_gives()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 2000; round++)
        {
            var text = RandomText(random);
            var expected = new List<string>();
            foreach (var (line, number) in text.TrimStart('\uFEFF').Split('\n').Select((l, i) => (l.EndsWith('\r') ? l[..^1] : l, i + 1)))
            {
                if (line.Length > Bound || line.Any(c => c is not (' ' or '\t' or '\r')))
                {
                    expected.Add(line.Length > Bound ? $"{number} too long" : $"{number} {line}");
                }
            }

            (await ReadAsync(text, random)).ShouldBe(expected, $"seed {seed}, round {round}, text {Convert.ToHexString(Encoding.UTF8.GetBytes(text))}");
        }
    }

    [Fact]
    public async Task A_line_without_end_is_passed_over_without_being_held()
    {
        await using var stream = new EndlessLine(64 * 1024 * 1024);
        // The stream answers at once, so everything runs on this thread. The total of the process would count tests that run beside this one.
        var before = GC.GetAllocatedBytesForCurrentThread();

        var reader = new LineReader(stream, 4096);
        (await reader.ReadAsync(CancellationToken.None)).ShouldBe(LineKind.TooLong);
        (await reader.ReadAsync(CancellationToken.None)).ShouldBe(LineKind.End);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        (reader.Number, reader.Consumed).ShouldBe((1, 64 * 1024 * 1024));
        allocated.ShouldBeLessThan(4 * 1024 * 1024);
    }

    private static async Task<List<string>> ReadAsync(string text, Random random)
    {
        await using var stream = new Pieces(Encoding.UTF8.GetBytes(text), random);
        var reader = new LineReader(stream, Bound);
        var lines = new List<string>();
        while (await reader.ReadAsync(CancellationToken.None) is not LineKind.End and var kind)
        {
            lines.Add(kind == LineKind.TooLong ? $"{reader.Number} too long" : $"{reader.Number} {Encoding.UTF8.GetString(reader.Current.Span)}");
        }

        reader.Consumed.ShouldBe(Encoding.UTF8.GetByteCount(text));
        return lines;
    }

    private static string RandomText(Random random)
    {
        var text = new StringBuilder(random.Next(4) == 0 ? "\uFEFF" : "");
        for (var i = random.Next(8); i > 0; i--)
        {
            text.Append(random.Next(4) == 0 ? ' ' : 'x', random.Next(3) == 0 ? random.Next(3) : random.Next(Bound - 3, Bound + 4));
            text.Append(random.Next(6) switch { 0 => "\r\n", 1 => "\n\n", 2 => "\r", _ => "\n" });
        }

        return text.Append('x', random.Next(3)).ToString();
    }

    /// <summary>Gives out bytes in pieces of random lengths, as pipes and networks do.</summary>
    private sealed class Pieces(byte[] bytes, Random random) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            => base.ReadAsync(buffer[..Math.Min(buffer.Length, random.Next(1, 30))], cancellationToken);
    }

    private sealed class EndlessLine(long length) : MemoryStream
    {
        private long _left = length;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = (int)Math.Min(buffer.Length, _left);
            buffer.Span[..count].Fill((byte)'x');
            _left -= count;
            return ValueTask.FromResult(count);
        }
    }
}
