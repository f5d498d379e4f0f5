using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using Bxb.Host.Settings;

namespace Bxb.Host.Tests.Settings;

/// <summary>One setting of the catalogue that takes a value.</summary>
/// <param name="Key">As it is set, <c>Bxb:Transport</c>.</param>
/// <param name="Property">What it is bound to.</param>
internal sealed record SettingLeaf(string Key, PropertyInfo Property)
{
    /// <summary>A piece of text that no sentence may repeat.</summary>
    public const string Secret = "s3cr3t";

    /// <summary>Values that texts with rules of their own cannot take.</summary>
    private static readonly Dictionary<string, string[]> BadTexts = new(StringComparer.Ordinal)
    {
        ["Bxb:Modules"] = [Secret, "Ingestion," + Secret],
        ["Bxb:PathBase"] = [Secret, "/", "/s3cr3t/", "/a//s3cr3t", "/..", "/./a", "/s3cr3t?", "/%41", "/v1", "/v1/s3cr3t", "/health", "http://s3cr3t"],
        ["Bxb:AdminToken"] = ["s3cr3t-short", "s3cr3t-with a space", "s3cr3t-umläut-äöü", new('s', 513)],
        ["Bxb:Bootstrap:ApiKey"] = ["s3cr3t-short", "s3cr3t-with a space", "s3cr3t-umläut-äöü", new('s', 513)],
        ["Bxb:Bootstrap:Organization"] = [new('s', 256)],
        ["Bxb:Postgres:ConnectionString"] =
        [
            Secret, "postgres://u:s3cr3t@h/d", "Host=h;Password=p;s3cr3t'b\"c=d", "Host=h;Port=s3cr3t", "Host=h;Pasword=s3cr3t", "Username=s3cr3t", "Host=h;Password=\"s3cr3t",
        ],
        ["Bxb:ClickHouse:Url"] =
        [
            Secret, "http://user:a@s3cr3t:c/d@h/", "http://u:s3cr3t@h:abc/", "127.0.0.1:8123", "clickhouse://u:s3cr3t@h/", "http://h/s3cr3t", "http://h/?databse=s3cr3t",
            "http://h/?database=", "http://h/#s3cr3t",
        ],
        ["Bxb:Riders:Owner"] = [new('s', 256)],
        ["Bxb:Kafka:BootstrapServers"] = ["s3cr3t:abc", "kafka://s3cr3t:1", "a:1,,b:2"],
        ["Bxb:Kafka:Topic"] = ["s3cr3t topic", "..", new('s', 151)],
        ["Bxb:Kafka:ClientId"] = [new('s', 201)],
        ["Bxb:Kafka:GroupInstanceId"] = ["s3cr3t id", new('s', 101)],
        ["Bxb:Kafka:GroupPrefix"] = ["s3cr3t prefix", new('s', 101)],
    };

    public static IReadOnlyList<SettingLeaf> All { get; } =
        [.. HostSettings.Catalogue.SelectMany(k => Leaves(k.Type, k.Path.Length == 0 ? "Bxb" : "Bxb:" + k.Path, k.Except)).DistinctBy(l => l.Key)];

    public bool MayBeEmpty => Property.GetCustomAttribute<RequiredAttribute>() is { AllowEmptyStrings: true };

    private Type Type => Nullable.GetUnderlyingType(Property.PropertyType) ?? Property.PropertyType;

    /// <summary>Values that the setting must refuse.</summary>
    public IEnumerable<string> BadValues()
    {
        string[] always = ["s3cr3t\nx", "s3cr3t\0x", "s3cr3t\u0085x", "s3cr3t\ud800"];
        string[] ofType = Type switch
        {
            _ when Type == typeof(string) => BadTexts.GetValueOrDefault(Key, []),
            _ when Type == typeof(bool) => [Secret, "2", "yes"],
            _ when Type == typeof(TimeSpan) => [Secret, "5s", "-00:00:01", "00:99:00", "99999999999.00:00:00", .. OutOfRange()],
            { IsEnum: true } => [Secret, "0", "7", "-1"],
            _ => [Secret, "1.5", "-1", "99999999999999999999999", .. OutOfRange()],
        };
        return [.. always, .. ofType, .. MayBeEmpty ? [] : new[] { "" }];
    }

    private string[] OutOfRange()
    {
        var range = Property.GetCustomAttribute<RangeAttribute>().ShouldNotBeNull($"{Key} has no range");
        return Type == typeof(TimeSpan)
            ? [Text(Time(range.Minimum) - TimeSpan.FromTicks(1)), Text(Time(range.Maximum) + TimeSpan.FromTicks(1))]
            : [Text(Convert.ToDecimal(range.Minimum, CultureInfo.InvariantCulture) - 1), Text(Convert.ToDecimal(range.Maximum, CultureInfo.InvariantCulture) + 1)];
    }

    private static TimeSpan Time(object bound) => TimeSpan.Parse((string)bound, CultureInfo.InvariantCulture);

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);

    private static IEnumerable<SettingLeaf> Leaves(Type type, string path, string? except) => type.GetProperties().Where(p => p.CanWrite && p.Name != except).SelectMany(p =>
        p.PropertyType.Name.EndsWith("Section", StringComparison.Ordinal) ? Leaves(p.PropertyType, $"{path}:{p.Name}", except: null) : [new SettingLeaf($"{path}:{p.Name}", p)]);
}
