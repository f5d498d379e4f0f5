namespace Bxb.ClickHouse.Tests;

public class ClickHouseResultTests
{
    private static readonly ClickHouseStatement Query = new("SELECT 1");

    [Fact]
    public async Task Every_type_that_queries_use_is_read()
    {
        (string Name, string Type)[] columns =
            [
                ("s", "LowCardinality(String)"), ("ns", "LowCardinality(Nullable(String))"), ("u8", "UInt8"), ("i8", "Int8"), ("u16", "UInt16"), ("i32", "Int32"),
                ("u64", "UInt64"), ("i64", "Int64"), ("f", "Float64"), ("b", "Bool"), ("d", "DateTime('UTC')"), ("d3", "DateTime64(3, 'UTC')"), ("d9", "Nullable(DateTime64(9))"),
                ("a", "Array(String)"), ("nothing", "Nullable(UInt64)"), ("dec", "Decimal(38, 18)"), ("`a, (b) '`", "UInt8"),
            ];
        var types = columns.Select(c => c.Type);
        var bytes = ResultBytes.Of(
            columns,
            w =>
            {
                w.WriteString("aé");
                w.WriteUInt8(0);
                w.WriteString("");
                w.WriteUInt8(255);
                w.WriteUInt8(255);
                w.WriteUInt8(255);
                w.WriteUInt8(255);
                w.WriteUInt32(unchecked((uint)-5));
                w.WriteUInt64(ulong.MaxValue);
                w.WriteInt64(long.MinValue);
                w.WriteInt64(BitConverter.DoubleToInt64Bits(0.25));
                w.WriteUInt8(1);
                w.WriteUInt32(1_767_225_600);
                w.WriteInt64(1_767_225_600_125);
                w.WriteUInt8(0);
                w.WriteInt64(1_767_225_600_123_456_789);
                w.WriteLength(2);
                w.WriteString("x");
                w.WriteString("");
                w.WriteUInt8(1);
                w.WriteInt64(7);
                w.WriteInt64(0);
                w.WriteUInt8(42);
            });
        await using var fake = await FakeClickHouse.StartAsync(async c => await c.Response.Body.WriteAsync(await ResultBytes.WholeAsync(c, bytes)));
        using var client = fake.Client();

        await using var row = await client.QueryAsync(Query);
        (await row.ReadAsync()).ShouldBeTrue();

        row.Types.ShouldBe([.. types]);
        row.GetString(0).ShouldBe("aé");
        (row.IsNull(1), row.GetString(1)).ShouldBe((false, ""));
        (row.GetUInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5)).ShouldBe((255UL, -1L, 65535L, -5L));
        (row.GetUInt64(6), row.GetInt64(7), row.GetBytes(8).Length, row.GetUInt64(9)).ShouldBe((ulong.MaxValue, long.MinValue, 8, 1UL));
        row.GetTime(10).ShouldBe(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        row.GetTime(11).ShouldBe(new DateTimeOffset(2026, 1, 1, 0, 0, 0, 125, TimeSpan.Zero));
        row.GetTime(12).ShouldBe(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(1_234_567));
        row.GetStrings(13).ShouldBe(["x", ""]);
        row.IsNull(14).ShouldBeTrue();
        row.GetBytes(15).Length.ShouldBe(16);
        row.GetUInt64(16).ShouldBe(42UL);
        Should.Throw<InvalidCastException>(() => row.GetUInt64(14));
        Should.Throw<InvalidCastException>(() => row.GetString(2));
        Should.Throw<OverflowException>(() => row.GetInt64(6));
        (await row.ReadAsync()).ShouldBeFalse();
        (await row.ReadAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task Rows_come_whole_however_the_stream_is_cut_into_pieces()
    {
        var seed = Random.Shared.Next();
        var bytes = ResultBytes.Numbers(20_000);
        await using var fake = await FakeClickHouse.StartAsync(async c => await ResultBytes.SendAsync(c, await ResultBytes.WholeAsync(c, bytes), seed));
        using var client = fake.Client();

        await using var result = await client.QueryAsync(Query);
        (await ResultBytes.ReadNumbersAsync(result)).ShouldBe(Enumerable.Range(0, 20_000).Select(i => (ulong)i), $"seed {seed}");
    }

    [Fact]
    public async Task A_row_may_be_larger_than_the_buffer()
    {
        var bytes = ResultBytes.Numbers(3, 2_000_000);
        await using var fake = await FakeClickHouse.StartAsync(async c => await ResultBytes.SendAsync(c, await ResultBytes.WholeAsync(c, bytes), 1));
        using var client = fake.Client();
        await using var result = await client.QueryAsync(Query);
        (await ResultBytes.ReadNumbersAsync(result)).ShouldBe([0UL, 1UL, 2UL]);
    }

    [Fact]
    public async Task A_result_without_rows_is_empty()
    {
        await using var fake = await FakeClickHouse.StartAsync(async c => await c.Response.Body.WriteAsync(await ResultBytes.WholeAsync(c, ResultBytes.Numbers(0))));
        using var client = fake.Client();
        await using var result = await client.QueryAsync(Query);
        result.Count.ShouldBe(0);
        (await result.ReadAsync()).ShouldBeFalse();
    }

    [Theory]
    [InlineData("type")]
    [InlineData("length")]
    [InlineData("left over")]
    [InlineData("too few")]
    public async Task An_answer_that_is_whole_and_makes_no_sense_is_an_error(string kind)
    {
        var bytes = kind switch
        {
            "type" => ResultBytes.Of([("t", "AggregateFunction(sum, UInt8)")], w => w.WriteUInt8(1)),
            "length" => [.. ResultBytes.Of([("t", "String")], _ => { }), 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
            "left over" => [.. ResultBytes.Numbers(2), 1, 2, 3],
            _ => ResultBytes.Of([("n", "UInt64")], w => w.WriteUInt64(1), count: 2),
        };
        await using var fake = await FakeClickHouse.StartAsync(async c => await c.Response.Body.WriteAsync(await ResultBytes.WholeAsync(c, bytes)));
        using var client = fake.Client();
        var error = await Should.ThrowAsync<ClickHouseException>(async () =>
        {
            await using var result = await client.QueryAsync(Query);
            while (await result.ReadAsync())
            {
            }
        });
        error.Name.ShouldBe(kind is "type" or "length" ? "MALFORMED" : "UNPROVEN", error.Message);
    }
}
