namespace Bxb.Servers.Tests;

/// <summary>What can be told without a Docker engine.</summary>
public sealed class ServersTests
{
    [Fact]
    public async Task The_images_have_versions()
    {
        var images = await ComposeImages.ReadAsync();
        foreach (var image in new[] { images.Postgres, images.Kafka, images.ClickHouse })
        {
            image.ShouldMatch(@":[0-9]+\.[0-9.]+$");
        }
    }

    [Fact]
    public void The_password_survives_in_the_address_of_ClickHouse()
    {
        var url = new Uri(Servers.ClickHouseUrl("localhost", 32768));
        url.Port.ShouldBe(32768);
        Uri.UnescapeDataString(url.UserInfo).ShouldBe("bxb:b#x:b/1");
    }

    [Fact]
    public void Suites_that_are_not_asked_for_say_how_to_ask()
    {
        var skip = new ContainersTheoryAttribute().Skip;
        (skip is null).ShouldBe(ContainersTheoryAttribute.IsAsked);
        (skip ?? ContainersTheoryAttribute.Variable).ShouldContain("BXB_CONTAINERS");
    }
}
