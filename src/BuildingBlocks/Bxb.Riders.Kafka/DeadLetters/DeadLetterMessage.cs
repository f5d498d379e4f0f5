using System.Data.Common;
using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.DeadLetters;

/// <summary>A dead letter as it goes to its topic: the record whole as the value, why and where from in the headers, the key as that of the event.</summary>
internal sealed record DeadLetterMessage(long Id, string Group, int Attempts, Message<byte[], byte[]> Message)
{
    /// <summary>Reads a row; the columns are those that the publisher selects.</summary>
    public static DeadLetterMessage Read(DbDataReader row)
    {
        var headers = new Headers();
        Add(headers, "bxb-group", row.GetString(1));
        Add(headers, "bxb-reason", row.GetString(4));
        Add(headers, "bxb-exception", row.GetString(5));
        Add(headers, "bxb-attempts", Text(row.GetInt32(10)));
        Add(headers, "bxb-code", row.GetString(11));
        if (row.GetInt64(9) is > 0 and var position)
        {
            Add(headers, "bxb-position", Text(position));
        }

        if (row.GetValue(6) is string topic)
        {
            Add(headers, "bxb-origin-topic", topic);
            Add(headers, "bxb-origin-partition", Text(row.GetInt32(7)));
        }

        if (row.GetValue(8) is long offset)
        {
            Add(headers, "bxb-origin-offset", Text(offset));
        }

        var key = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{row.GetInt32(2)}/{row.GetString(12)}"));
        return new DeadLetterMessage(
            row.GetInt64(0), row.GetString(1), row.GetInt32(10), new Message<byte[], byte[]> { Key = key, Value = Encoding.UTF8.GetBytes(row.GetString(3)), Headers = headers });
    }

    private static void Add(Headers headers, string name, string value) => headers.Add(name, Encoding.UTF8.GetBytes(value));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
