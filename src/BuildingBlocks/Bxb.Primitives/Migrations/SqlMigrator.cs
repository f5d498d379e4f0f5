namespace Bxb.Primitives.Migrations;

/// <summary>Migrates a database to the schema of this version. Several hosts may migrate the same database at once.</summary>
public static class SqlMigrator
{
    /// <summary>Runs the migrations that the database has not recorded, by set and number. Checks all of them first.</summary>
    /// <param name="target">The database. The caller disposes it.</param>
    /// <param name="migrations">The migrations of this version, in any order. Sets without a migration here are ignored.</param>
    /// <param name="cancellationToken">Ends the migration between or within its steps; the next attempt continues.</param>
    /// <exception cref="InvalidOperationException">
    /// A set has gaps or doubled numbers, an applied migration was changed, or the database has a migration that this version does not know.
    /// </exception>
    public static async Task MigrateAsync(IMigrationTarget target, IEnumerable<SqlMigration> migrations, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        var sets = migrations.GroupBy(m => m.Set, StringComparer.Ordinal).OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => s.OrderBy(m => m.Number).ToList()).ToList();
        foreach (var set in sets)
        {
            CheckNumbers(set);
        }

        await target.PrepareAsync(cancellationToken);
        var applied = (await target.ReadAppliedAsync(cancellationToken)).ToLookup(a => a.Set, StringComparer.Ordinal);
        var missing = sets.SelectMany(set => Missing(set, applied[set[0].Set])).ToList();
        foreach (var migration in missing)
        {
            await target.ApplyAsync(migration, cancellationToken);
        }
    }

    private static void CheckNumbers(List<SqlMigration> set)
    {
        if (set.Index().FirstOrDefault(m => m.Item.Number != m.Index + 1).Item is { } wrong)
        {
            throw new InvalidOperationException($"The migrations of the set {wrong.Set} are not numbered 1, 2, 3: {wrong}.");
        }
    }

    private static IEnumerable<SqlMigration> Missing(List<SqlMigration> set, IEnumerable<AppliedMigration> applied)
    {
        var recorded = new HashSet<int>();
        foreach (var one in applied)
        {
            if (one.Number > set.Count)
            {
                throw new InvalidOperationException($"The database has the migration {one.Set} {one.Number} {one.Name} of a newer version. Run that version.");
            }

            var known = set[one.Number - 1];
            if (one.Checksum.Length > 0 ? one.Checksum != known.Checksum : one.Name != known.Name)
            {
                throw new InvalidOperationException($"The migration {known} was changed after it had run.");
            }

            recorded.Add(one.Number);
        }

        return set.Where(m => !recorded.Contains(m.Number));
    }
}
