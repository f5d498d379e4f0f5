using Bxb.Host.Settings;
using Bxb.Modularity.Settings;

namespace Bxb.Host.Tests.Settings;

public sealed class HostArgumentsTests
{
    [Theory]
    [InlineData("--Bxb:Transport=Kafka", "--bxb:adminToken", "-x", "Bxb:Modules=Analytics", "/Bxb:PathBase=/bxb", "/Bxb:DataDirectory", "/data")]
    [InlineData("--urls=http://+:80", "--environment", "Development", "--Logging:LogLevel:Default=Debug", "--Kestrel:Endpoints:Http:Url=http://+:81")]
    [InlineData("--http_ports", "8080", "--https_ports=8443", "--contentRoot=/x", "--applicationName=Bxb.Host", "--shutdownTimeoutSeconds=5", "--AllowedHosts=*")]
    [InlineData("--Bxb:Bootstrap:Organization", "keys")]
    [InlineData("--Bxb:Postgres:ConnectionString=Host=h;Password=--p")]
    [InlineData("--Bxb:AdminToken=")]
    public void What_the_configuration_reads_passes(params string[] arguments) => HostArguments.Check(arguments);

    [Theory]
    [InlineData("'servee' is no command", "servee")]
    [InlineData("--nope is no command and no setting", "--nope")]
    [InlineData("--nope is no command and no setting", "--nope=s3cr3t")]
    [InlineData("--nope is no command and no setting", "--Bxb:Transport=Kafka", "--nope", "s3cr3t")]
    [InlineData("--Bxbb:Transport is no command", "--Bxbb:Transport=Kafka")]
    [InlineData("--Url is no command", "--Url=http://+:80")]
    [InlineData("--Bxb is no command", "--Bxb=x")]
    [InlineData("--Bxb__Transport is no command", "--Bxb__Transport=Kafka")]
    [InlineData("Argument 1 is no command", "-u=http://s3cr3t")]
    [InlineData("Argument 1 is no command", "-p")]
    [InlineData("Argument 1 is no command", "/s3cr3t")]
    [InlineData("Argument 2 is no command", "--Bxb:Postgres:ConnectionString=Host=h;", "Password=s3cr3t")]
    [InlineData("Argument 2 is no command", "--Bxb:AdminToken=a", "s3cr3t")]
    [InlineData("Argument 3 is no command", "--Bxb:AdminToken", "a", "s3cr3t")]
    [InlineData("Argument 1 is no command", "")]
    [InlineData("--Bxb:AdminToken has no value", "--Bxb:AdminToken")]
    [InlineData("--Bxb:AdminToken has no value", "--Bxb:AdminToken", "--s3cr3t")]
    public void Anything_else_is_refused_in_a_sentence_without_a_value(string sentence, params string[] arguments)
    {
        var bad = Should.Throw<SettingsException>(() => HostArguments.Check(arguments));
        bad.Message.ShouldStartWith(sentence);
        bad.Message.ShouldNotContain("s3cr3t");
        bad.Message.ShouldNotContain('\n');
    }
}
