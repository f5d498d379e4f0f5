namespace Bxb.EventLog.Tests;

public sealed class PostgresAddressTests
{
    [Theory]
    [InlineData("Host=h")]
    [InlineData("Server=h;Port=5433;User Id=u;Password=p;Database=d;")]
    [InlineData("Host=h;Username=u;Password=\"p;a'b\"\"c=d\"")]
    [InlineData("Host=h;Username=u;Password='p;a''b\"c=d'")]
    [InlineData("Host=a:5432,b:5433;Username=u;Password=p;Target Session Attributes=primary")]
    [InlineData("Host=/var/run/postgresql;Username=u")]
    [InlineData("Host=h;Password=https://p")]
    [InlineData("Host=h;Options=-c geqo=off;SSL Mode=VerifyFull;Root Certificate=/a b/ca.pem;Maximum Pool Size=5")]
    public void A_connection_string_of_Npgsql_passes(string text) => PostgresAddress.Fault(text).ShouldBeNull();

    [Theory]
    [InlineData("", "must name a Host")]
    [InlineData("s3cr3t", "must be of the form")]
    [InlineData("postgres://u:s3cr3t@h:5432/d", "not a URL")]
    [InlineData("postgresql://u:s3cr3t@h/d?sslmode=require", "not a URL")]
    [InlineData("jdbc:postgresql://h/d?password=s3cr3t", "not a URL")]
    [InlineData("Host=h;Username=u;Password=p;s3cr3t'b\"c=d", "in quotes")]
    [InlineData("Host=h;Username=u;Password=p;s3cr3t", "in quotes")]
    [InlineData("Host=h;Username=u;Password=\"s3cr3t", "in quotes")]
    [InlineData("Host=h;Username=u;Pasword=s3cr3t", "at place 3")]
    [InlineData("Host=h;Username=u;Password=p;s3cr3t=d", "at place 4")]
    [InlineData("Host=h;Port=s3cr3t", "value of port")]
    [InlineData("Host=h;Port=70000", "value of port")]
    [InlineData("Host=h;Port=-1", "value of port")]
    [InlineData("Host=h;Timeout=s3cr3t", "value of timeout")]
    [InlineData("Host=h;SSL Mode=s3cr3t", "value of ssl mode")]
    [InlineData("Username=u;Password=s3cr3t", "must name a Host")]
    [InlineData("Host=;Password=s3cr3t", "must name a Host")]
    [InlineData("Host=h;Minimum Pool Size=10;Maximum Pool Size=5;Password=s3cr3t", "do not go together")]
    public void Any_other_is_refused_without_a_piece_of_it(string text, string says)
    {
        var fault = PostgresAddress.Fault(text).ShouldNotBeNull();

        fault.ShouldContain(says);
        fault.ShouldNotContain("s3cr3t");
        fault.ShouldNotContain("pasword", Case.Insensitive);
        fault.ShouldNotContain('\n');
    }
}
