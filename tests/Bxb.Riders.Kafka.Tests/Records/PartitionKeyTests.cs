using System.Text;
using Bxb.EventLog.Records;
using Bxb.Riders.Kafka.Records;

namespace Bxb.Riders.Kafka.Tests.Records;

public sealed class PartitionKeyTests
{
    // The values of Kafka's own tests of its Java client.
    [Theory]
    [InlineData("21", -973932308)]
    [InlineData("foobar", -790332482)]
    [InlineData("a-little-bit-long-string", -985981536)]
    [InlineData("a-little-bit-longer-string", -1486304829)]
    [InlineData("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971)]
    [InlineData("abc", 479470107)]
    public void The_hash_is_that_of_the_Java_client(string key, int hash) => PartitionKey.Murmur2(Encoding.UTF8.GetBytes(key)).ShouldBe(hash);

    [Fact]
    public void A_negative_hash_loses_its_sign_bit_and_nothing_else()
    {
        PartitionKey.Partition("21"u8, 12).ShouldBe((int)((-973932308 & 0x7fffffffL) % 12));
        Enumerable.Range(0, 10_000).Select(i => PartitionKey.Partition(Encoding.UTF8.GetBytes($"7/customer-{i}"), 12)).Distinct().Order().ShouldBe(Enumerable.Range(0, 12));
    }

    [Fact]
    public void The_key_is_organization_and_customer()
    {
        using var records = EventRecords.Rent();
        SampleEvents.Add(records, 1);
        Encoding.UTF8.GetString(PartitionKey.Create(records[0])).ShouldBe("7/customer-0042");
        records.Add(new RecordEntry { Position = 2, OrganizationId = int.MinValue, ExternalCustomerId = records.Append("é"u8) });
        Encoding.UTF8.GetString(PartitionKey.Create(records[1])).ShouldBe("-2147483648/é");
    }
}
