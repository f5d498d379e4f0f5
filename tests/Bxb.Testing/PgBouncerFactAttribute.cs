using Xunit;

namespace Bxb.Testing;

/// <summary>A test that needs PgBouncer (Debian package pgbouncer). Skipped where it is not installed.</summary>
public sealed class PgBouncerFactAttribute : FactAttribute
{
    public PgBouncerFactAttribute()
    {
        if (TestPgBouncer.Program is null)
        {
            Skip = "PgBouncer is not installed (Debian package pgbouncer).";
        }
    }
}
