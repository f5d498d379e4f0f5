using System.Globalization;
using System.Numerics;
using System.Text;
using Bxb.Ingestion.Rules;
using Bxb.Primitives.Time;

namespace Bxb.Ingestion.Tests.Rules;

/// <summary>The parsers beside slow ones that are right by their looks: big integers for seconds, the framework's calendar for dates.</summary>
public sealed class TimestampPropertyTests
{
    private const int Rounds = 20_000;
    private readonly int _seed = Random.Shared.Next();

    [Fact]
    public void Seconds_are_cut_as_exact_arithmetic_cuts_them()
    {
        var random = new Random(_seed);
        for (var i = 0; i < Rounds; i++)
        {
            var text = Number(random);
            var expected = SlowSeconds(text);
            var fault = UnixSeconds.Read(Encoding.UTF8.GetBytes(text), out var milliseconds);
            if (expected < 0)
            {
                fault.ShouldBe(TimestampFault.BeforeEpoch, $"{text}, seed {_seed}");
            }
            else if (expected >= BigInteger.Pow(10, 15))
            {
                fault.ShouldBe(TimestampFault.TooFarAhead, $"{text}, seed {_seed}");
            }
            else
            {
                fault.ShouldBe(TimestampFault.None, $"{text}, seed {_seed}");
                new BigInteger(milliseconds).ShouldBe(expected, $"{text}, seed {_seed}");
            }
        }
    }

    [Fact]
    public void Calendar_times_are_what_the_calendar_says()
    {
        var random = new Random(_seed);
        for (var i = 0; i < Rounds; i++)
        {
            var instant = new DateTimeOffset(random.NextInt64(DateTime.MinValue.AddDays(2).Ticks, DateTime.MaxValue.AddDays(-2).Ticks), TimeSpan.Zero);
            var local = instant.ToOffset(TimeSpan.FromMinutes(random.Next(-14 * 60, 14 * 60 + 1)));
            var digits = random.Next(0, 8);
            var text = local.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture)
                + (digits == 0 ? "" : "." + (local.Ticks % TimeSpan.TicksPerSecond).ToString("0000000", CultureInfo.InvariantCulture)[..digits])
                + local.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", random.Next(2) == 0 ? ":" : "", StringComparison.Ordinal);
            var kept = Math.Min(digits, 3);
            var unit = TimeSpan.TicksPerSecond / (long)Math.Pow(10, kept);
            var expected = Math.DivRem(instant.UtcTicks / unit * unit - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerMillisecond).Quotient;
            CalendarTime.Read(Encoding.UTF8.GetBytes(text), out var milliseconds).ShouldBe(TimestampFault.None, $"{text}, seed {_seed}");
            milliseconds.ShouldBe(expected, $"{text}, seed {_seed}");
        }
    }

    [Fact]
    public void No_bytes_are_too_strange_to_be_refused()
    {
        var random = new Random(_seed);
        var seeds = new[] { "2026-01-01T00:00:00.125+05:45", "1767225600.125e0", "2016-12-31T23:59:60Z" };
        for (var i = 0; i < Rounds; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(seeds[random.Next(seeds.Length)]).ToList();
            for (var edits = random.Next(1, 4); edits > 0; edits--)
            {
                var at = random.Next(bytes.Count);
                var b = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"0123456789-+:.TZeE "[random.Next(19)];
                switch (random.Next(3))
                {
                    case 0: bytes[at] = b; break;
                    case 1: bytes.Insert(at, b); break;
                    default: bytes.RemoveAt(at); break;
                }
            }

            // Any answer will do, but an exception.
            var fault = TimestampRule.ReadText(bytes.ToArray(), long.MaxValue, out var milliseconds);
            if (fault == TimestampFault.None)
            {
                milliseconds.ShouldBeGreaterThanOrEqualTo(0, $"seed {_seed}");
            }
        }
    }

    private static string Number(Random random)
    {
        var text = new StringBuilder(random.Next(8) == 0 ? "-" : "");
        var whole = Digits(random, random.Next(1, 20)).TrimStart('0');
        text.Append(whole.Length == 0 ? "0" : whole);
        if (random.Next(2) == 0)
        {
            text.Append('.').Append(new string('0', random.Next(3) * 5)).Append(Digits(random, random.Next(1, 30)));
        }

        if (random.Next(2) == 0)
        {
            text.Append(random.Next(2) == 0 ? 'e' : 'E').Append(random.Next(3) switch { 0 => "-", 1 => "+", _ => "" }).Append(random.Next(0, 40).ToString(random.Next(2) == 0 ? "0" : "000", CultureInfo.InvariantCulture));
        }

        return text.ToString();
    }

    private static string Digits(Random random, int count) => string.Concat(Enumerable.Range(0, count).Select(_ => random.Next(4) == 0 ? '0' : (char)('0' + random.Next(10))));

    /// <summary>Milliseconds, cut; -1 for anything below zero.</summary>
    private static BigInteger SlowSeconds(string text)
    {
        var parts = text.ToLowerInvariant().Split('e');
        var exponent = parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0;
        var mantissa = parts[0].TrimStart('-').Split('.');
        var fraction = mantissa.Length > 1 ? mantissa[1] : "";
        var value = BigInteger.Parse(mantissa[0] + fraction, CultureInfo.InvariantCulture);
        if (text[0] == '-' && !value.IsZero)
        {
            return -1;
        }

        var power = exponent - fraction.Length + 3;
        return power >= 0 ? value * BigInteger.Pow(10, power) : value / BigInteger.Pow(10, -power);
    }
}
