namespace Bxb.Primitives.Migrations;

/// <summary>A database that <see cref="SqlMigrator"/> migrates. Used for one migration, then disposed, which releases the lock.</summary>
public interface IMigrationTarget : IAsyncDisposable
{
    /// <summary>Waits for the lock against other hosts, if the database has one, and creates the table of applied migrations if it is missing.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Reads the migrations that the database has recorded, of all sets.</summary>
    Task<IReadOnlyList<AppliedMigration>> ReadAppliedAsync(CancellationToken cancellationToken);

    /// <summary>Runs a migration and records it. After a failure it is not recorded; the next attempt runs it from its beginning.</summary>
    Task ApplyAsync(SqlMigration migration, CancellationToken cancellationToken);
}

/// <summary>A migration as a database has recorded it.</summary>
/// <param name="Set">The set.</param>
/// <param name="Number">The number in the set.</param>
/// <param name="Name">The name at that time.</param>
/// <param name="Checksum">As <see cref="SqlMigration.Checksum"/>; empty for a migration that was recorded before checksums were.</param>
public sealed record AppliedMigration(string Set, int Number, string Name, string Checksum);
