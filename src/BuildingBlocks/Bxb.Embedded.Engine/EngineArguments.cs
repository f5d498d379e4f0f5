using System.Globalization;

namespace Bxb.Embedded.Engine;

/// <summary>The command line of the engine process, <c>--name value</c> pairs.</summary>
internal sealed record EngineArguments
{
    /// <summary>Path of the engine's library.</summary>
    public required string Library { get; init; }

    /// <summary>Folder of the engine's tables. The engine locks it.</summary>
    public required string Data { get; init; }

    /// <summary>Port on 127.0.0.1.</summary>
    public required int Port { get; init; }

    /// <summary>File that holds the password of <see cref="User"/>.</summary>
    public required string PasswordFile { get; init; }

    /// <summary>Process id of the host. The engine ends when it has another parent.</summary>
    public required int Parent { get; init; }

    /// <summary>Cap of the engine's memory, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>The most queries that run at once. Further ones wait.</summary>
    public required int Connections { get; init; }

    /// <summary>The only user.</summary>
    public const string User = "bxb";

    /// <summary>Parses the command line.</summary>
    /// <exception cref="ArgumentException">An argument is missing or is not a number.</exception>
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
