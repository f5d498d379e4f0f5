using System.Globalization;

namespace Bxb.Embedded.Engine;

/// <summary>
/// The engine's two configuration files, written at each start. One holds server settings (memory, caches, background threads), the other settings of queries.
/// </summary>
internal static class EngineConfiguration
{
    // Measured: threads that allocate at the same time exceed the limit by up to 110 MiB, whatever the limit is.
    private const long LeastUncounted = 128L << 20;

    /// <summary>The settings that every query starts with, as SET takes them.</summary>
    public static IReadOnlyDictionary<string, string> QueryDefaults(long memoryBytes) => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        // One query may use most of the memory but not all. A large GROUP BY or sort spills to disk before that.
        ["max_memory_usage"] = Bytes(TrackedBytes(memoryBytes) / 10 * 9),
        ["max_bytes_before_external_group_by"] = Bytes(memoryBytes / 10 * 3),
        ["max_bytes_before_external_sort"] = Bytes(memoryBytes / 10 * 3),
        // Each thread counts its allocations in steps of this size, a quarter of the default.
        ["max_untracked_memory"] = Bytes(1 << 20),
    };

    /// <summary>
    /// The engine's own limit within the memory of the process. The rest is memory that the engine does not count: the .NET runtime, thread stacks, a few MiB per thread that are counted late,
    /// and fragmentation.
    /// </summary>
    private static long TrackedBytes(long memoryBytes) => memoryBytes - Math.Max(memoryBytes / 8, LeastUncounted);

    /// <summary>Writes both files below the data folder and returns their paths.</summary>
    public static async Task<(string Server, string Users)> WriteAsync(EngineArguments arguments)
    {
        Directory.CreateDirectory(arguments.Data);
        var folder = Path.GetDirectoryName(Path.GetFullPath(arguments.Data))!;
        var server = Path.Combine(folder, "config.xml");
        var users = Path.Combine(folder, "users.xml");
        await File.WriteAllTextAsync(server, $"""
            <clickhouse>
                <timezone>UTC</timezone>
                <max_server_memory_usage>{Bytes(TrackedBytes(arguments.MemoryBytes))}</max_server_memory_usage>
                <mark_cache_size>67108864</mark_cache_size>
                <primary_index_cache_size>67108864</primary_index_cache_size>
                <uncompressed_cache_size>0</uncompressed_cache_size>
                <index_mark_cache_size>16777216</index_mark_cache_size>
                <query_condition_cache_size>16777216</query_condition_cache_size>
                <compiled_expression_cache_size>16777216</compiled_expression_cache_size>
                <background_pool_size>2</background_pool_size>
                <background_schedule_pool_size>2</background_schedule_pool_size>
                <background_common_pool_size>2</background_common_pool_size>
                <background_move_pool_size>1</background_move_pool_size>
                <background_fetches_pool_size>1</background_fetches_pool_size>
                <max_thread_pool_size>128</max_thread_pool_size>
                <max_thread_pool_free_size>8</max_thread_pool_free_size>
                <merge_tree>
                    <!-- The defaults fit a pool of 16 threads. With 2 they would keep merges small and mutations waiting. -->
                    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
                    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
                    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
                </merge_tree>
            </clickhouse>

            """);
        var settings = string.Concat(QueryDefaults(arguments.MemoryBytes).Select(s => $"<{s.Key}>{s.Value}</{s.Key}>"));
        await File.WriteAllTextAsync(users, $"""
            <clickhouse>
                <profiles><default>{settings}</default></profiles>
                <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota><access_management>1</access_management></default></users>
                <quotas><default></default></quotas>
            </clickhouse>

            """);
        return (server, users);
    }

    private static string Bytes(long bytes) => bytes.ToString(CultureInfo.InvariantCulture);
}
