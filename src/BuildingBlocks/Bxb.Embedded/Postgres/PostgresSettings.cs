using System.Globalization;

namespace Bxb.Embedded.Postgres;

/// <summary>
/// The server's settings, passed as arguments at each start, so settings in the cluster have no effect. They suit an append-mostly log on a shared machine: few checkpoints, little memory, loopback
/// only.
/// </summary>
internal static class PostgresSettings
{
    public static IEnumerable<string> Arguments(EmbeddedPostgresOptions options, int port)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["listen_addresses"] = "127.0.0.1",
            ["port"] = port.ToString(CultureInfo.InvariantCulture),
            ["unix_socket_directories"] = "",
            ["max_connections"] = options.MaxConnections.ToString(CultureInfo.InvariantCulture),
            ["password_encryption"] = "scram-sha-256",
            ["shared_buffers"] = $"{options.SharedBuffersBytes >> 10}kB",
            ["work_mem"] = "8MB",
            ["maintenance_work_mem"] = "64MB",
            ["synchronous_commit"] = "on",
            ["wal_buffers"] = "16MB",
            // Rare checkpoints, because the first change of a page after each one writes the whole page to the WAL.
            ["max_wal_size"] = "3GB",
            ["min_wal_size"] = "256MB",
            ["checkpoint_timeout"] = "15min",
            ["random_page_cost"] = "1.1",
            ["jit"] = "off",
            ["autovacuum"] = "on",
            ["autovacuum_max_workers"] = "2",
            ["autovacuum_naptime"] = "30s",
            ["timezone"] = "UTC",
            ["log_timezone"] = "UTC",
            ["logging_collector"] = "off",
            ["log_destination"] = "stderr",
            ["log_line_prefix"] = "",
            // The caller of a failed statement gets the error.
            ["log_min_messages"] = "warning",
            ["log_min_error_statement"] = "panic",
        };
        foreach (var (name, value) in options.Settings)
        {
            settings[name] = value;
        }

        return settings.SelectMany(setting => new[] { "-c", $"{setting.Key}={setting.Value}" });
    }
}
