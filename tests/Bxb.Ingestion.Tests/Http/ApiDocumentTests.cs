using System.Text.Json.Nodes;

namespace Bxb.Ingestion.Tests.Http;

[Collection(IngestionCollection.Name)]
public sealed class ApiDocumentTests(IngestionApp app)
{
    [Fact]
    public async Task Every_call_stands_in_the_document_with_its_parameters_and_answers()
    {
        var document = (await app.NewOrganization().AskAsync("/openapi/v1.json")).Json;
        var paths = document["paths"]!.AsObject();
        paths.Select(p => p.Key).ShouldBe(["/v1/events", "/v1/events/batch", "/v1/events/{transaction_id}", "/v1/conflicts"], ignoreOrder: true);
        Statuses(paths, "/v1/events", "post").ShouldBe(["200", "201", "400", "401", "403", "408", "409", "413", "415", "422", "429", "503"], ignoreOrder: true);
        Statuses(paths, "/v1/events/batch", "post").ShouldBe(["201", "400", "401", "403", "408", "413", "415", "422", "429", "503"], ignoreOrder: true);
        Statuses(paths, "/v1/events", "get").ShouldBe(["200", "400", "401", "403", "422", "503"], ignoreOrder: true);
        Statuses(paths, "/v1/events/{transaction_id}", "get").ShouldBe(["200", "400", "401", "403", "404", "409", "503"], ignoreOrder: true);
        Statuses(paths, "/v1/conflicts", "get").ShouldBe(["200", "400", "401", "403", "503"], ignoreOrder: true);
        Parameters(paths, "/v1/events/batch", "post").ShouldBe(["partial"]);
        Parameters(paths, "/v1/events", "get").ShouldBe(["code", "external_customer_id", "from", "to", "limit", "cursor"]);
        Parameters(paths, "/v1/events/{transaction_id}", "get").ShouldBe(["source", "transaction_id"], ignoreOrder: true);
        Parameters(paths, "/v1/conflicts", "get").ShouldBe(["limit", "cursor"]);

        var sent = document["components"]!["schemas"]!["EventToSend"]!;
        sent["properties"]!.AsObject().Select(p => p.Key).ShouldBe(["transaction_id", "external_customer_id", "code", "timestamp", "properties"]);
        sent["required"]!.AsArray().Select(p => (string?)p).ShouldBe(["transaction_id", "external_customer_id", "code"]);
        paths["/v1/events"]!["post"]!["requestBody"]!["content"]!["application/json"]!["schema"].ShouldNotBeNull();
    }

    private static IEnumerable<string> Statuses(JsonObject paths, string path, string method) => paths[path]![method]!["responses"]!.AsObject().Select(r => r.Key);

    private static IEnumerable<string> Parameters(JsonObject paths, string path, string method) => paths[path]![method]!["parameters"]!.AsArray().Select(p => (string)p!["name"]!);
}
