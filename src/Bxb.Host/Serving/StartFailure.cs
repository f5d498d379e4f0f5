using System.Net.Sockets;
using Bxb.Embedded;
using Bxb.EventLog;

namespace Bxb.Host.Serving;

/// <summary>Describes a failed start by the setting that caused it.</summary>
internal static class StartFailure
{
    /// <summary>One line without stack and secrets; null for a failure that no setting causes.</summary>
    /// <param name="failure">The exception that ended the start.</param>
    /// <param name="setting">The setting that the failed step depends on.</param>
    /// <param name="postgres">The setting with the address of PostgreSQL.</param>
    public static string? Describe(Exception failure, string setting, string postgres) => failure switch
    {
        EmbeddedEngineException or IOException or UnauthorizedAccessException or SocketException or FormatException or ArgumentOutOfRangeException => OneLine($"{setting}: {failure.Message}"),
        InvalidOperationException when failure.Source?.StartsWith("Microsoft.AspNetCore.Server.Kestrel", StringComparison.Ordinal) == true => OneLine($"{setting}: {failure.Message}"),
        _ when EventLogErrors.Find(failure) is { } log => $"{postgres}: {Describe(log)}",
        _ => null,
    };

    private static string Describe(EventLogException failure) => failure.SqlState switch
    {
        null => OneLine($"PostgreSQL cannot be reached: {Reason(failure)}"),
        ['2', '8', ..] => $"PostgreSQL refuses the user or the password (SQLSTATE {failure.SqlState}).",
        "3D000" => $"PostgreSQL has no such database (SQLSTATE {failure.SqlState}).",
        _ => OneLine(failure.Message),
    };

    /// <summary>The messages of the inner exceptions: the driver's with the address, the system's with the reason.</summary>
    private static string Reason(Exception failure)
    {
        var reasons = new List<string>();
        for (var inner = failure.InnerException; inner is not null; inner = inner.InnerException)
        {
            reasons.Add(inner.Message.TrimEnd('.'));
        }

        return string.Join(": ", reasons.Distinct(StringComparer.Ordinal).DefaultIfEmpty(failure.Message.TrimEnd('.'))) + ".";
    }

    private static string OneLine(string text) => string.Join(' ', text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
}
