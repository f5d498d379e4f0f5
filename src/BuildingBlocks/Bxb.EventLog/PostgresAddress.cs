using System.Data.Common;
using System.Globalization;
using System.Net;
using Npgsql;

namespace Bxb.EventLog;

/// <summary>Checks connection strings before the first connection is made.</summary>
public static class PostgresAddress
{
    private const string Form = "Host=...;Port=5432;Username=...;Password=...;Database=...";

    /// <summary>
    /// Returns the fault of a connection string, to follow the name of its setting; null if the string is usable. The text contains no part of the string except keywords that
    /// Npgsql knows, because an unquoted password can be parsed as a keyword.
    /// </summary>
    public static string? Fault(string connectionString)
    {
        ArgumentNullException.ThrowIfNull(connectionString);
        if (connectionString.Contains("://", StringComparison.Ordinal) && Uri.TryCreate(connectionString, UriKind.Absolute, out _))
        {
            return $"must be of the form {Form}, not a URL.";
        }

        var given = new DbConnectionStringBuilder();
        try
        {
            given.ConnectionString = connectionString;
        }
        catch (ArgumentException)
        {
            return $"must be of the form {Form}; a value that holds ; = ' or \" stands in quotes.";
        }

        return Keywords(given) ?? Whole(connectionString);
    }

    private static string? Keywords(DbConnectionStringBuilder given)
    {
        var known = new NpgsqlConnectionStringBuilder();
        var place = 0;
        foreach (string keyword in given.Keys)
        {
            place++;
            if (!known.ContainsKey(keyword))
            {
                return string.Create(CultureInfo.InvariantCulture, $"has a keyword that Npgsql does not know, at place {place}; a value that holds ; = ' or \" stands in quotes.");
            }

            try
            {
                known[keyword] = given[keyword];
            }
            catch (Exception error) when (error is ArgumentException or FormatException or OverflowException or InvalidCastException or NotSupportedException)
            {
                return $"has a value of {keyword} that cannot be read.";
            }
        }

        if (string.IsNullOrWhiteSpace(known.Host))
        {
            return "must name a Host.";
        }

        return known.Port > IPEndPoint.MaxPort ? "has a value of port that cannot be read." : null;
    }

    private static string? Whole(string connectionString)
    {
        try
        {
#pragma warning disable MA0045 // It has no connection yet.
            NpgsqlDataSource.Create(connectionString).Dispose();
#pragma warning restore MA0045
            return null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or InvalidOperationException or NotSupportedException)
        {
            return "has values that do not go together, or a host that cannot be read.";
        }
    }
}
