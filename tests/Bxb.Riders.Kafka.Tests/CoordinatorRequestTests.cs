using Bxb.Testing;
using Confluent.Kafka;

namespace Bxb.Riders.Kafka.Tests;

/// <summary>An admin request to the coordinator of a group ends the process when it times out, so each of them is banned.</summary>
public sealed class CoordinatorRequestTests
{
    [Fact]
    public async Task Every_admin_request_about_groups_is_banned()
    {
        var banned = await File.ReadAllLinesAsync(Path.Combine(RepositoryFolder.Root, "BannedSymbols.txt"));
        Requests().Count().ShouldBeGreaterThanOrEqualTo(8);
        NotBanned(banned).ShouldBeEmpty();
    }

    [Fact]
    public void A_request_that_is_not_banned_is_found() => NotBanned(["M:Confluent.Kafka.IAdminClient.ListGroups(System.TimeSpan);why"]).ShouldContain(
        "M:Confluent.Kafka.IAdminClient.DescribeConsumerGroupsAsync(System.Collections.Generic.IEnumerable{System.String},Confluent.Kafka.Admin.DescribeConsumerGroupsOptions)");

    private static IEnumerable<string> NotBanned(IEnumerable<string> lines) => Requests().Except(lines.Select(l => l.Split(';')[0]));

    // What a later version of the client adds has a name like these.
    private static IEnumerable<string> Requests() => ((Type[])[typeof(IAdminClient), typeof(IAdminClientExtensions)])
        .SelectMany(t => t.GetMethods()).Where(m => m.Name.Contains("Group", StringComparison.Ordinal))
        .Select(m => $"M:{m.DeclaringType!.FullName}.{m.Name}({string.Join(',', m.GetParameters().Select(p => NameOf(p.ParameterType)))})");

    private static string NameOf(Type type) => type.IsGenericType
        ? $"{type.FullName!.Split('`')[0]}{{{string.Join(',', type.GetGenericArguments().Select(NameOf))}}}"
        : type.FullName!;
}
