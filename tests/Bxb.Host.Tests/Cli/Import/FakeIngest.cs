using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Bxb.Host.Tests.Cli.Import;

/// <summary>The wire of the ingest call, over a real Kestrel: keeps events by id, and misbehaves on request.</summary>
internal sealed class FakeIngest : FakeHost
{
    private readonly ConcurrentQueue<Func<HttpContext, Task<bool>>> _faults = new();

    private FakeIngest()
    {
    }

    public ConcurrentDictionary<string, string> Events { get; } = new(StringComparer.Ordinal);

    public ConcurrentQueue<int> RequestSizes { get; } = new();

    /// <summary>What stood before the call in the path of each request: the fake answers with or without.</summary>
    public ConcurrentQueue<string> PathBases { get; } = new();

    public static async Task<FakeIngest> StartAsync()
    {
        var fake = new FakeIngest();
        await fake.StartAsync(app => app.MapPost("/v1/events/batch", fake.HandleAsync));
        return fake;
    }

    /// <summary>The next request meets this; it returns whether the request is to be handled all the same.</summary>
    public void Next(Func<HttpContext, Task<bool>> fault) => _faults.Enqueue(fault);

    public void NextAnswers(int status, string? retryAfter = null) => Next(context =>
    {
        context.Response.StatusCode = status;
        context.Response.Headers.RetryAfter = retryAfter;
        return Task.FromResult(false);
    });

    private async Task HandleAsync(HttpContext context)
    {
        PathBases.Enqueue(context.Request.PathBase.ToString());
        if (_faults.TryDequeue(out var fault) && !await fault(context))
        {
            return;
        }

        if (!HasKey(context))
        {
            await ProblemAsync(context, 401, "A valid API key is needed.");
            return;
        }

        context.Request.Query["partial"].ToString().ShouldBe("true");
        JsonDocument body;
        try
        {
            body = await JsonDocument.ParseAsync(context.Request.Body, new JsonDocumentOptions { AllowDuplicateProperties = false });
        }
        catch (JsonException)
        {
            await ProblemAsync(context, 400, "An object names a member twice.");
            return;
        }

        using (body)
        {
            await AnswerAsync(context, body.RootElement.GetProperty("events"));
        }
    }

    private async Task AnswerAsync(HttpContext context, JsonElement events)
    {
        RequestSizes.Enqueue(events.GetArrayLength());
        var (index, ingested, duplicates, conflicts, rejected) = (0, 0, 0, 0, 0);
        var errors = new List<object>();
        foreach (var e in events.EnumerateArray())
        {
            if (!e.TryGetProperty("code", out _))
            {
                rejected++;
                errors.Add(new { pointer = $"/events/{index}/code", reason = "is required" });
            }
            else
            {
                var text = e.GetRawText();
                var known = Events.GetOrAdd(e.GetProperty("transaction_id").GetString()!, _ => "new " + text);
                if (known == "new " + text)
                {
                    Events[e.GetProperty("transaction_id").GetString()!] = text;
                    ingested++;
                }
                else if (known == text)
                {
                    duplicates++;
                }
                else
                {
                    conflicts++;
                }
            }

            index++;
        }

        if (context.Items.ContainsKey("cut"))
        {
            context.Abort();
            return;
        }

        context.Response.StatusCode = 201;
        await context.Response.WriteAsJsonAsync(new { ingested, duplicates, conflicts, rejected, position = Events.Count, errors = errors.Take(100) });
    }
}
