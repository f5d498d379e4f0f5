using Bxb.Management.Storage;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Bxb.Management.Migrations;

/// <summary>Adds the members of percentile and custom metrics. A metric whose aggregation cannot be recurring is no longer marked so: until now the mark was accepted and ignored.</summary>
[DbContext(typeof(ManagementDbContext))]
[Migration("20261201050000_UsageAggregations")]
internal sealed class UsageAggregations : Migration
{
    /// <inheritdoc />
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.AddColumn<decimal>("percentile", "billable_metrics", "numeric", schema: ManagementDbContext.Schema, nullable: true);
        migrationBuilder.AddColumn<string>("expression", "billable_metrics", "text", schema: ManagementDbContext.Schema, nullable: true);
        migrationBuilder.Sql("update management.billable_metrics set recurring = false where recurring and aggregation_type not in ('UniqueCount', 'Latest')");
    }

    /// <inheritdoc />
    protected override void Down(MigrationBuilder migrationBuilder)
    {
        migrationBuilder.DropColumn("expression", "billable_metrics", ManagementDbContext.Schema);
        migrationBuilder.DropColumn("percentile", "billable_metrics", ManagementDbContext.Schema);
    }
}
