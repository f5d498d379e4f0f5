using Bxb.Primitives.Migrations;

namespace Bxb.Primitives.Tests;

/// <summary>The rules of migrations. The tests of Bxb.EventLog and Bxb.ClickHouse run them on real databases.</summary>
public sealed class SqlMigratorTests
{
    private static readonly SqlMigration One = new("a", 1, "one", "1");
    private static readonly SqlMigration Two = new("a", 2, "two", "2");

    [Fact]
    public async Task Missing_migrations_run_by_set_and_number()
    {
        var target = new Target(Applied(One));
        await SqlMigrator.MigrateAsync(target, [new("b", 1, "other", "3"), Two, One], default);
        target.Ran.ShouldBe(["a 2 two", "b 1 other"]);
    }

    [Fact]
    public async Task Numbers_with_gaps_and_doubled_numbers_are_refused()
    {
        foreach (var migrations in new SqlMigration[][] { [Two], [One, One], [One, Two with { Number = 3 }] })
        {
            await Should.ThrowAsync<InvalidOperationException>(SqlMigrator.MigrateAsync(new Target(), migrations, default));
        }
    }

    [Fact]
    public async Task A_changed_migration_is_refused_before_anything_runs()
    {
        var target = new Target(Applied(One));
        (await Should.ThrowAsync<InvalidOperationException>(SqlMigrator.MigrateAsync(target, [One with { Sql = "1 " }, Two], default))).Message.ShouldContain("a 1 one");
        target.Ran.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_migration_recorded_without_a_checksum_is_known_by_its_name()
    {
        await SqlMigrator.MigrateAsync(new Target(Applied(One) with { Checksum = "" }), [One with { Sql = "1 " }], default);
        await Should.ThrowAsync<InvalidOperationException>(SqlMigrator.MigrateAsync(new Target(Applied(One) with { Checksum = "", Name = "other" }), [One], default));
    }

    [Fact]
    public async Task A_database_of_a_newer_version_is_refused_and_sets_of_others_are_ignored()
    {
        await SqlMigrator.MigrateAsync(new Target(Applied(One), new("other", 7, "x", "")), [One], default);
        (await Should.ThrowAsync<InvalidOperationException>(SqlMigrator.MigrateAsync(new Target(Applied(One), Applied(Two)), [One], default))).Message.ShouldContain("a 2 two");
    }

    [Fact]
    public void A_copy_with_other_statements_has_another_checksum() => (One with { Sql = "x" }).Checksum.ShouldNotBe(One.Checksum);

    private static AppliedMigration Applied(SqlMigration migration) => new(migration.Set, migration.Number, migration.Name, migration.Checksum);

    private sealed class Target(params IReadOnlyList<AppliedMigration> applied) : IMigrationTarget
    {
        public List<string> Ran { get; } = [];

        public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<IReadOnlyList<AppliedMigration>> ReadAppliedAsync(CancellationToken cancellationToken) => Task.FromResult(applied);

        public Task ApplyAsync(SqlMigration migration, CancellationToken cancellationToken)
        {
            Ran.Add(migration.ToString());
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
