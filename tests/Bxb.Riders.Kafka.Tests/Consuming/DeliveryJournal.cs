using System.Text;
using Bxb.Riders.Compliance;

namespace Bxb.Riders.Kafka.Tests.Consuming;

/// <summary>What the hosts of a group were handed, over all of them, in the order in which it happened: every rule of delivery that is broken is kept as a sentence. Thread-safe.</summary>
internal sealed class DeliveryJournal
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(int Organization, string Customer), (long Position, int Partition)> _last = [];
    private readonly HashSet<long> _seen = [];
    private readonly HashSet<long> _processed = [];
    private readonly List<string> _broken = [];

    /// <summary>Rules that were broken.</summary>
    public IReadOnlyList<string> Broken
    {
        get
        {
            lock (_gate)
            {
                return [.. _broken];
            }
        }
    }

    /// <summary>Positions whose batch the consumer has finished, in order.</summary>
    public IReadOnlyList<long> Processed
    {
        get
        {
            lock (_gate)
            {
                return [.. _processed.Order()];
            }
        }
    }

    /// <summary>How often a record came again.</summary>
    public int Repeats { get; private set; }

    /// <summary>A script that writes down what it is handed, works for a moment, and writes down that it is done.</summary>
    public Script Script(string host, Func<Task> work) => async (batch, token) =>
    {
        lock (_gate)
        {
            for (var i = 0; i < batch.Count; i++)
            {
                var record = batch[i];
                Take(host, batch, record.Position, (record.OrganizationId, Encoding.UTF8.GetString(record.ExternalCustomerId)));
            }
        }

        var positions = Delivered.From(batch).Positions;
        await work();
        token.ThrowIfCancellationRequested();
        lock (_gate)
        {
            _processed.UnionWith(positions);
        }
    };

    private void Take(string host, EventBatch batch, long position, (int, string) customer)
    {
        if (!_seen.Add(position))
        {
            Repeats++;
            if (!batch.IsRepeat)
            {
                _broken.Add($"{host} was handed {position} again, and not as a repeat");
            }

            return;
        }

        if (_last.TryGetValue(customer, out var last) && last.Position > position)
        {
            _broken.Add($"{host} was handed {position} of {customer} after {last.Position}");
        }

        if (last.Position > 0 && last.Partition != batch.Partition)
        {
            _broken.Add($"{host} was handed {customer} from partition {batch.Partition} after partition {last.Partition}");
        }

        _last[customer] = (position, batch.Partition);
    }
}
