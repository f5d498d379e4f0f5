namespace Bxb.Ingestion.Tests;

public sealed class IngestionOptionsTests
{
    [Theory]
    [InlineData("MaxEventBytes", "0", "MaxEventBytes")]
    [InlineData("MaxEventsPerBatch", "10001", "MaxEventsPerBatch")]
    [InlineData("MaxBytesInFlight", "65536", "MaxBatchBytes")]
    [InlineData("RetryAfter", "00:00:00", "RetryAfter")]
    [InlineData("MaxEventBytes", "many", "MaxEventBytes")]
    public async Task A_bad_setting_ends_the_start_by_name(string key, string value, string named)
    {
        var app = new IngestionApp { Settings = { [key] = value }, ConnectionString = "Host=127.0.0.1;Port=1" };
        try
        {
            var failure = await Should.ThrowAsync<Exception>(app.InitializeAsync());
            failure.ToString().ShouldContain(named);
        }
        finally
        {
            await app.DisposeAsync();
        }
    }
}
