using System.Text.Json;
using Bxb.Management.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;

namespace Bxb.Management.Storage;

/// <summary>The schema <c>management</c>. Short-lived: one per use case.</summary>
internal sealed class ManagementDbContext(DbContextOptions<ManagementDbContext> options) : DbContext(options)
{
    public const string Schema = "management";

    public DbSet<OrganizationRow> Organizations => Set<OrganizationRow>();

    public DbSet<ApiKeyRow> ApiKeys => Set<ApiKeyRow>();

    public DbSet<BillableMetricRow> BillableMetrics => Set<BillableMetricRow>();

    /// <summary>An organization's metric of this code; null when there is none.</summary>
    public Task<BillableMetricRow?> FindMetricAsync(int organizationId, string code, CancellationToken cancellationToken)
        => BillableMetrics.SingleOrDefaultAsync(m => m.OrganizationId == organizationId && m.Code == code, cancellationToken);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(Schema);
        modelBuilder.Entity<OrganizationRow>(row =>
        {
            row.ToTable("organizations").HasKey(r => r.Id);
            row.Property(r => r.Id).HasColumnName("id").UseIdentityAlwaysColumn();
            row.Property(r => r.Name).HasColumnName("name").UseCollation("C");
            row.Property(r => r.CreatedAt).HasColumnName("created_at");
            row.HasIndex(r => r.Name).IsUnique().HasDatabaseName("organizations_name_key");
        });
        modelBuilder.Entity<ApiKeyRow>(row =>
        {
            row.ToTable("api_keys").HasKey(r => r.Id);
            row.Property(r => r.Id).HasColumnName("id").UseIdentityAlwaysColumn();
            row.Property(r => r.OrganizationId).HasColumnName("organization_id");
            row.Property(r => r.Name).HasColumnName("name");
            row.Property(r => r.Hash).HasColumnName("hash");
            row.Property(r => r.Scopes).HasColumnName("scopes");
            row.Property(r => r.CreatedAt).HasColumnName("created_at");
            row.Property(r => r.RevokedAt).HasColumnName("revoked_at");
            row.HasIndex(r => r.Hash).IsUnique().HasDatabaseName("api_keys_hash_key");
            row.HasIndex(r => new { r.OrganizationId, r.Id }).HasDatabaseName("api_keys_organization_id_id");
            row.HasOne<OrganizationRow>().WithMany().HasForeignKey(r => r.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        });
        modelBuilder.Entity<BillableMetricRow>(row =>
        {
            row.ToTable("billable_metrics").HasKey(r => new { r.OrganizationId, r.Code });
            row.Property(r => r.OrganizationId).HasColumnName("organization_id");
            row.Property(r => r.Code).HasColumnName("code").UseCollation("C");
            row.Property(r => r.Name).HasColumnName("name");
            row.Property(r => r.EventCode).HasColumnName("event_code");
            row.Property(r => r.AggregationType).HasColumnName("aggregation_type").HasConversion<string>();
            row.Property(r => r.FieldName).HasColumnName("field_name");
            row.Property(r => r.Filters).HasColumnName("filters").HasColumnType("jsonb")
                .HasConversion(f => JsonSerializer.Serialize(f, JsonSerializerOptions.Default), t => JsonSerializer.Deserialize<List<MetricFilter>>(t, JsonSerializerOptions.Default)!, SameFilters);
            row.Property(r => r.GroupKeys).HasColumnName("group_keys");
            row.Property(r => r.RoundingFunction).HasColumnName("rounding_function").HasConversion<string>();
            row.Property(r => r.RoundingPrecision).HasColumnName("rounding_precision");
            row.Property(r => r.Recurring).HasColumnName("recurring");
            row.Property(r => r.Description).HasColumnName("description");
            row.Property(r => r.Percentile).HasColumnName("percentile").HasColumnType("numeric");
            row.Property(r => r.Expression).HasColumnName("expression");
            row.Property(r => r.CreatedAt).HasColumnName("created_at");
            row.Property(r => r.UpdatedAt).HasColumnName("updated_at");
            row.HasOne<OrganizationRow>().WithMany().HasForeignKey(r => r.OrganizationId).OnDelete(DeleteBehavior.Restrict);
        });
    }

    /// <summary>Filters are only ever replaced as a whole list, so lists are compared by reference.</summary>
    private static readonly ValueComparer<List<MetricFilter>> SameFilters = new((a, b) => ReferenceEquals(a, b), f => f.Count, f => f);
}
