using System.Reflection;
using Bxb.Modularity;
using Bxb.Modularity.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Bxb.Architecture.Tests;

/// <summary>A module references building blocks and other modules' contracts, and shows little.</summary>
public sealed class ModuleTests
{
    /// <summary>What the host has to call of a module besides its module class and options. Keep it short.</summary>
    private static readonly string[] HostSeams =
    [
        "Bxb.Management.ManagementHosting",
        "Bxb.Management.ManagementBootstrap",
        "Bxb.Management.BootstrapResult",
    ];

    private static readonly string[] ModuleNames = [.. Repository.Modules.Select(m => m.Name)];

    public static TheoryData<string> Modules => [.. ModuleNames];

    [Fact]
    public void There_are_modules() => ModuleNames.ShouldContain("Bxb.Management");

    [Theory]
    [MemberData(nameof(Modules))]
    public void A_module_uses_only_the_contracts_of_others(string module)
        => DependencyRule.Trespasses(Find(module).Assembly, ModuleNames).ShouldBeEmpty();

    [Fact]
    public void A_module_that_reaches_into_another_is_found()
    {
        // This assembly plays the offender: FakeOffender below uses a type of Management that is no contract, and one that is.
        var trespasses = DependencyRule.Trespasses(typeof(FakeOffender).Assembly.Location, ModuleNames);
        trespasses.ShouldBe(["Bxb.Management.ManagementOptions"]);
        typeof(FakeOffender).GetProperties().Length.ShouldBe(2);
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void A_module_shows_its_module_class_its_options_and_its_contracts(string module)
        => DependencyRule.PublicTypes(Find(module).Assembly, module).Except(HostSeams).ShouldBeEmpty();

    [Fact]
    public void A_module_that_shows_more_is_found()
        => DependencyRule.PublicTypes(typeof(FakeOffender).Assembly.Location, "Bxb.Architecture").ShouldContain("Bxb.Architecture.Tests.ModuleTests");

    [Fact]
    public void Projects_reference_downwards_only()
    {
        foreach (var project in Repository.Projects)
        {
            foreach (var reference in project.References)
            {
                var target = Find(reference);
                if (project.IsBuildingBlock)
                {
                    target.IsBuildingBlock.ShouldBeTrue($"{project.Name} is a building block and references {reference}.");
                }
                else if (project.IsModule)
                {
                    (target.IsBuildingBlock || target.IsModule).ShouldBeTrue($"{project.Name} is a module and references {reference}.");
                }
            }
        }
    }

    [Fact]
    public void Only_tests_benchmarks_and_a_part_of_the_same_block_see_internals()
    {
        foreach (var project in Repository.Projects)
        {
            project.Friends
                .Where(f => !f.EndsWith(".Tests") && !f.EndsWith(".Compliance") && f is not ("Bxb.LoadTest" or "Bxb.KafkaBench") && !f.StartsWith(project.Name + ".", StringComparison.Ordinal))
                .ShouldBeEmpty(project.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void A_modules_settings_are_known_to_the_check_of_unknown_keys(string module)
    {
        var assembly = Assembly.LoadFrom(Find(module).Assembly);
        var services = new ServiceCollection();
        foreach (var type in assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IModule))))
        {
            ((IModule)Activator.CreateInstance(type)!).AddServices(services, new ConfigurationBuilder().Build().GetSection("Bxb"));
        }

        var known = services.Select(s => s.ImplementationInstance).OfType<KnownSettings>().Select(s => s.Type).ToList();
        assembly.GetExportedTypes().Where(t => t.Name.EndsWith("Options", StringComparison.Ordinal)).Except(known).ShouldBeEmpty();
    }

    private static Project Find(string name) => Repository.Projects.Single(p => p.Name == name);

    /// <summary>What a module must not do.</summary>
    private sealed class FakeOffender
    {
        public Management.ManagementOptions? Trespass { get; init; }

        public Management.Contracts.BillableMetric? Allowed { get; init; }
    }
}
