using System.Text;

namespace Bxb.ClickHouse.Tests;

public class AddressTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("/ch/")]
    [InlineData("/a/b%20c/")]
    public async Task Every_request_goes_below_the_path_of_the_url(string prefix)
    {
        var paths = new List<string>();
        await using var fake = await FakeClickHouse.StartAsync(c =>
        {
            paths.Add(c.Request.Path.ToUriComponent() + "?" + c.Request.Query["database"]);
            c.Request.Headers.Authorization.ToString().ShouldBe("Basic " + Convert.ToBase64String("us@er:pa:ss"u8));
            c.Response.Headers["X-ClickHouse-Summary"] = """{"written_rows":"1"}""";
            return Task.CompletedTask;
        });
        using var client = fake.Client(prefix: prefix);

        await client.ExecuteAsync(new ClickHouseStatement("SELECT 1"));
        await client.InsertAsync(new ClickHouseStatement("INSERT INTO t (a) SELECT a FROM input('a String') FORMAT RowBinary"), new byte[] { 0 }, expectedRows: 1);
        await client.SyncAsync();

        paths.ShouldBe([prefix + "?da ta", prefix + "?da ta", prefix + "bxb/sync?"]);
    }

    [Theory]
    [InlineData("http://h", "http://h/", null, null)]
    [InlineData("http://h:8123", "http://h:8123/", null, null)]
    [InlineData("HTTPS://h:8443/?", "https://h:8443/", null, null)]
    [InlineData("http://h?database=d", "http://h/", "d", null)]
    [InlineData("http://h/?database=a%26b%2Fc%20", "http://h/", "a&b/c ", null)]
    [InlineData("http://proxy/ch/?database=x", "http://proxy/ch/", "x", null)]
    [InlineData("http://u@h/", "http://h/", null, "u:")]
    [InlineData("http://u:p@[::1]:8123/a/b/", "http://[::1]:8123/a/b/", null, "u:p")]
    [InlineData("http://u%40:a%40b%3Ac%2Fd%23%3F%25@h/", "http://h/", null, "u@:a@b:c/d#?%")]
    public void An_address_is_read_from_a_url(string url, string root, string? database, string? credentials)
    {
        var address = ClickHouseAddress.Parse(new Uri(url));

        address.Root.AbsoluteUri.ShouldBe(root);
        address.Database.ShouldBe(database);
        (address.Credentials is { } header ? Encoding.UTF8.GetString(Convert.FromBase64String(header.Parameter!)) : null).ShouldBe(credentials);
        ClickHouseAddress.Fault(url).ShouldBeNull();
    }

    [Theory]
    [InlineData("", "of the form")]
    [InlineData("http://", "of the form")]
    [InlineData("http:///s3cr3t", "of the form")]
    [InlineData("s3cr3t", "of the form")]
    [InlineData("127.0.0.1:8123", "of the form")]
    [InlineData("localhost:8123", "of the form")]
    [InlineData("clickhouse://u:s3cr3t@h:9000/", "of the form")]
    [InlineData("tcp://h:9000", "of the form")]
    [InlineData("http://u:s3cr3t@h:abc/", "of the form")]
    [InlineData("http://u:s3cr3t@h:99999/", "of the form")]
    [InlineData("http://u:a@s3cr3t:c/d@h/", "of the form")]
    [InlineData("http://u:1/s3cr3t@h/", "of the form")]
    [InlineData("http://u:1?s3cr3t@h/", "no query but")]
    [InlineData("http://u:1#s3cr3t@h/", "%23")]
    [InlineData("http://h/#s3cr3t", "%23")]
    [InlineData("http://h/?database=x#", "%23")]
    [InlineData("http://h/s3cr3t", "/?database=name")]
    [InlineData("http://h/ch/s3cr3t?database=x", "/?database=name")]
    [InlineData("http://h/?databse=s3cr3t", "no query but")]
    [InlineData("http://h/?database=", "no query but")]
    [InlineData("http://h/?database", "no query but")]
    [InlineData("http://h/?database=a&database=s3cr3t", "no query but")]
    [InlineData("http://h/?database=a&user=s3cr3t", "no query but")]
    [InlineData("http://h/?user=u&database=s3cr3t", "no query but")]
    public void Any_other_url_is_refused_without_a_piece_of_it(string url, string says)
    {
        var fault = ClickHouseAddress.Fault(url).ShouldNotBeNull();

        fault.ShouldContain(says);
        fault.ShouldNotContain("s3cr3t");
        fault.ShouldNotContain("databse");
        if (Uri.TryCreate(url, UriKind.Absolute, out var uri))
        {
            Should.Throw<ArgumentException>(() => new ClickHouseClient(new() { Url = uri })).Message.ShouldStartWith("The ClickHouse URL " + fault);
        }
    }
}
