using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Bxb.Host.Tests.Cli.Replay;

/// <summary>The wire of the replay calls, over a real Kestrel: one replay that gets on with each look.</summary>
internal sealed class FakeReplays : FakeHost
{
    private readonly ConcurrentQueue<int> _faults = new();
    private int _looks;
    private bool _cancelled;

    private FakeReplays()
    {
    }

    public ConcurrentQueue<JsonNode> Asked { get; } = new();

    /// <summary>What stood before the call in the path: the fake answers with or without.</summary>
    public string PathBase { get; private set; } = "";

    /// <summary>With which look it is done; never, if not.</summary>
    public int DoneAfter { get; set; } = int.MaxValue;

    public string? Error { get; set; }

    /// <summary>Called at each look.</summary>
    public Action OnLook { get; set; } = () => { };

    public static async Task<FakeReplays> StartAsync()
    {
        var fake = new FakeReplays();
        await fake.StartAsync(app =>
        {
            app.MapPost("/v1/pipeline/groups/{group}/replay", (HttpContext context, string group) => fake.StartAsync(context, group));
            app.MapGet("/v1/pipeline/groups/{group}/replays/7", (HttpContext context, string group) => fake.LookAsync(context, group));
            app.MapDelete("/v1/pipeline/groups/{group}/replays/7", (HttpContext context, string group) => fake.CancelAsync(context, group));
        });
        return fake;
    }

    public void NextLookAnswers(int status) => _faults.Enqueue(status);

    private async Task StartAsync(HttpContext context, string group)
    {
        if (!HasKey(context))
        {
            await ProblemAsync(context, 403, "This call needs the admin token.");
            return;
        }

        PathBase = context.Request.PathBase;
        Asked.Enqueue((await JsonNode.ParseAsync(context.Request.Body))!);
        await (group == "nobody" ? ProblemAsync(context, 404, "There is no consumer group of this name.") : AnswerAsync(context, group, 202));
    }

    private Task LookAsync(HttpContext context, string group)
    {
        OnLook();
        if (_faults.TryDequeue(out var status))
        {
            return ProblemAsync(context, status, "not now");
        }

        _looks++;
        return AnswerAsync(context, group, 200);
    }

    private Task CancelAsync(HttpContext context, string group)
    {
        _cancelled = true;
        return AnswerAsync(context, group, 200);
    }

    private Task AnswerAsync(HttpContext context, string group, int status)
    {
        context.Response.StatusCode = status;
        var state = Error is not null ? "failed" : _cancelled ? "cancelled" : _looks >= DoneAfter ? "done" : "running";
        var answer = new JsonObject
        {
            ["id"] = 7, ["group"] = group, ["into"] = "live", ["state"] = state, ["source"] = "log", ["from"] = 1, ["to"] = 100,
            ["position"] = state == "done" ? 100 : Math.Min(99, _looks * 10), ["events"] = _looks * 10, ["events_estimate"] = 100, ["started_at"] = "2026-01-01T00:00:00Z",
            ["of_a_later_version"] = true,
        };
        if (state != "running")
        {
            answer["finished_at"] = "2026-01-01T00:00:05Z";
        }

        if (Error is not null)
        {
            answer["error"] = Error;
        }

        return context.Response.WriteAsync(answer.ToJsonString());
    }
}
