namespace Bxb.LoadTest.Tests;

public class LoadSettingsTests
{
    private static readonly LoadSettings Started = new() { StartHost = true };

    [Fact]
    public void A_started_host_goes_through_Kafka_where_a_home_or_servers_are_named()
    {
        Started.Fault().ShouldBeNull();
        (Started with { Transport = Transport.Kafka, KafkaHome = "home" }).Fault().ShouldBeNull();
        (Started with { Transport = Transport.Kafka, BootstrapServers = "localhost:9092" }).Fault().ShouldBeNull();
        (Started with { Transport = Transport.Kafka, KafkaHome = "home" }).ToString().ShouldEndWith(", through Kafka");
    }

    [Fact]
    public void Kafka_without_a_place_with_two_or_under_a_host_that_runs_already_is_refused()
    {
        (Started with { Transport = Transport.Kafka }).Fault().ShouldNotBeNull().ShouldContain("--kafka-home");
        (Started with { Transport = Transport.Kafka, KafkaHome = "home", BootstrapServers = "localhost:9092" }).Fault().ShouldNotBeNull().ShouldContain("either");
        new LoadSettings { Url = new("http://localhost:8080"), ApiKey = "key", Transport = Transport.Kafka, KafkaHome = "home" }.Fault().ShouldNotBeNull().ShouldContain("--start-host");
    }
}
