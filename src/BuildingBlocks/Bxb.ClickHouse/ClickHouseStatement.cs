using System.Globalization;

namespace Bxb.ClickHouse;

/// <summary>One statement with its parameters and settings. Values never become part of the text: they are bound as <c>{name:Type}</c>.</summary>
/// <remarks>Filled by one thread; sent any number of times after that.</remarks>
public sealed class ClickHouseStatement
{
    private readonly List<KeyValuePair<string, string>> _parameters = [];
    private readonly List<KeyValuePair<string, string>> _settings = [];

    /// <summary>Takes the text of one statement, without a closing semicolon and, for a query, without a FORMAT clause.</summary>
    /// <exception cref="ArgumentException">There is a semicolon outside of quotes, or a quote or comment is not closed.</exception>
    public ClickHouseStatement(string sql)
    {
        StatementText.RequireOne(sql);
        Sql = sql;
    }

    /// <summary>The text.</summary>
    public string Sql { get; }

    /// <summary>The name under which the server knows the running statement, and by which it can be killed; null: the server makes one up.</summary>
    public string? QueryId { get; set; }

    /// <summary>The time limit of this statement; null: that of the options.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>
    /// The <see cref="ClickHouseClient.ServerInstance"/> that the statement is meant for: the embedded engine refuses it (HTTP status 412, name HTTP) when it was started again since.
    /// Null, and a server: no matter.
    /// </summary>
    public string? OnlyInstance { get; set; }

    /// <summary>Names and values in ClickHouse's escaped text form.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Parameters => _parameters;

    internal IReadOnlyList<KeyValuePair<string, string>> Settings => _settings;

    /// <summary>Binds a text, <c>{name:String}</c>, or any value that ClickHouse reads from text; null is NULL.</summary>
    public ClickHouseStatement With(string name, string? value) => Bind(name, value is null ? @"\N" : ParameterText.Escape(value));

    /// <summary>Binds a whole number, <c>{name:Int64}</c>.</summary>
    public ClickHouseStatement With(string name, long value) => Bind(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Binds a whole number, <c>{name:UInt64}</c>.</summary>
    public ClickHouseStatement With(string name, ulong value) => Bind(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Binds a whole number, <c>{name:Int32}</c> or <c>{name:UInt32}</c>.</summary>
    public ClickHouseStatement With(string name, int value) => Bind(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>Binds a time as UTC with milliseconds, <c>{name:DateTime64(3,'UTC')}</c>: the type has to name UTC.</summary>
    public ClickHouseStatement With(string name, DateTimeOffset value) =>
        Bind(name, value.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture));

    /// <summary>Binds texts, <c>{name:Array(String)}</c>.</summary>
    public ClickHouseStatement With(string name, IReadOnlyCollection<string> values) => Bind(name, ParameterText.Array(values));

    /// <summary>Binds whole numbers, <c>{name:Array(Int64)}</c>.</summary>
    public ClickHouseStatement With(string name, IReadOnlyCollection<long> values) =>
        Bind(name, "[" + string.Join(',', values.Select(v => v.ToString(CultureInfo.InvariantCulture))) + "]");

    /// <summary>Binds times as UTC with milliseconds, <c>{name:Array(DateTime64(3,'UTC'))}</c>.</summary>
    public ClickHouseStatement With(string name, IReadOnlyCollection<DateTimeOffset> values) =>
        Bind(name, "[" + string.Join(',', values.Select(v => "'" + v.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.fff", CultureInfo.InvariantCulture) + "'")) + "]");

    /// <summary>Changes a setting of the server for this statement.</summary>
    public ClickHouseStatement Set(string setting, string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(setting);
        _settings.Add(new(setting, value));
        return this;
    }

    /// <summary>Changes a setting of the server for this statement.</summary>
    public ClickHouseStatement Set(string setting, long value) => Set(setting, value.ToString(CultureInfo.InvariantCulture));

    private ClickHouseStatement Bind(string name, string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (_parameters.Exists(p => p.Key == name))
        {
            throw new ArgumentException($"The parameter {name} was bound before.", nameof(name));
        }

        _parameters.Add(new(name, text));
        return this;
    }
}
