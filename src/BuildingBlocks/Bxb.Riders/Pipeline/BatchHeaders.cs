using System.Diagnostics.CodeAnalysis;
using System.Text;
using MassTransit;
using MassTransit.Transports;

namespace Bxb.Riders.Pipeline;

/// <summary>
/// The headers of a batch, created on demand: its redelivery count, and the trace of its first record. A batch has many producers, so its span is linked to that trace instead of being part
/// of it.
/// </summary>
internal sealed class BatchHeaders(EventBatch batch) : IHeaderProvider
{
    private const string ActivityId = "MT-Activity-Id";
    private const string ActivityPropagation = "MT-Activity-Propagation";

    public IEnumerable<KeyValuePair<string, object>> GetAll()
    {
        foreach (var name in (string[])[MessageHeaders.RedeliveryCount, ActivityId, ActivityPropagation])
        {
            if (TryGetHeader(name, out var value))
            {
                yield return new(name, value);
            }
        }
    }

    public bool TryGetHeader(string key, [NotNullWhen(true)] out object? value)
    {
        value = key switch
        {
            MessageHeaders.RedeliveryCount when batch.Attempt > 0 => batch.Attempt,
            ActivityId when batch[0].TraceParent is { Length: > 0 } parent => Encoding.UTF8.GetString(parent),
            ActivityPropagation when batch[0].TraceParent.Length > 0 => "Link",
            _ => null,
        };
        return value is not null;
    }
}
