using System.Text;
using Npgsql;

namespace Bxb.EventLog.Reading;

/// <summary>A statement of constant text and numbered parameters.</summary>
internal sealed class QueryText(string start)
{
    private readonly StringBuilder _text = new(start);
    private readonly List<NpgsqlParameter> _parameters = [];

    public QueryText Text(string constant)
    {
        _text.Append(constant);
        return this;
    }

    public QueryText Value<T>(T value)
    {
        _parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
        _text.Append('$').Append(_parameters.Count);
        return this;
    }

    public QueryText And(string condition, string? value) => value is null ? this : Text(" and ").Text(condition).Value(value);

    public QueryText And<T>(string condition, T? value)
        where T : struct => value is null ? this : Text(" and ").Text(condition).Value(value.Value);

    public NpgsqlCommand Create(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand(_text.ToString(), connection);
        foreach (var parameter in _parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
