using System.Globalization;

namespace Bxb.Embedded.Engine;

/// <summary>What the host tells the engine process at its start, as <c>--name value</c> pairs.</summary>
internal sealed record EngineArguments
{
    /// <summary>Path of the engine's library.</summary>
    public required string Library { get; init; }

    /// <summary>Folder of the engine's tables. One process at a time; the engine locks it.</summary>
    public required string Data { get; init; }

    /// <summary>Port on 127.0.0.1.</summary>
    public required int Port { get; init; }

    /// <summary>File that holds the password of <see cref="User"/>.</summary>
    public required string PasswordFile { get; init; }

    /// <summary>Process id of the host; the engine ends when its parent is another.</summary>
    public required int Parent { get; init; }

    /// <summary>Cap of the engine's memory, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Queries that run at once; more of them wait.</summary>
    public required int Connections { get; init; }

    /// <summary>The one user there is.</summary>
    public const string User = "bxb";

    /// <summary>Reads the arguments.</summary>
    /// <exception cref="ArgumentException">One is missing or no number.</exception>
    public static EngineArguments Parse(string[] args)
    {
        var values = args.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return new EngineArguments
        {
            Library = Text("--library"),
            Data = Text("--data"),
            Port = (int)Number("--port"),
            PasswordFile = Text("--password-file"),
            Parent = (int)Number("--parent"),
            MemoryBytes = Number("--memory-bytes"),
            Connections = (int)Number("--connections"),
        };

        string Text(string name) => values.GetValueOrDefault(name) ?? throw new ArgumentException($"The argument {name} is missing.");
        long Number(string name) => long.TryParse(Text(name), CultureInfo.InvariantCulture, out var n) ? n : throw new ArgumentException($"The argument {name} is no number.");
    }
}
