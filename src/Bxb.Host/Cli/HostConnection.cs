using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Bxb.Modularity.Json;

namespace Bxb.Host.Cli;

/// <summary>Ends a command. The message goes to the terminal.</summary>
internal sealed class CommandException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The options and the HTTP client of commands that call a running host.</summary>
/// <param name="keyDescription">The key that the command needs.</param>
/// <param name="keyAliases">Further names of the option <c>--api-key</c>.</param>
internal sealed class HostConnection(string keyDescription, params string[] keyAliases)
{
    /// <summary>Reads answers. Members of later versions are ignored.</summary>
    public static readonly JsonSerializerOptions Lenient = new(ApiJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>Follows the status of an answer without a reason.</summary>
    public const string NoReason = "It gave no reason: is this the address of Bxb, with its path?";

    /// <summary>The host's address, <c>http://localhost:8080</c> or behind a gateway <c>https://gateway/bxb/</c>. The value ends with a slash, so the paths of calls can be appended.</summary>
    public Option<Uri> Url { get; } = new("--url")
    {
        Description = "The host's address. A path in it goes before the paths of the calls.", DefaultValueFactory = _ => new Uri("http://localhost:8080/"), CustomParser = ParseUrl,
    };

    public Option<string?> ApiKey { get; } = new("--api-key", keyAliases) { Description = $"{keyDescription} Default: BXB_API_KEY, else the file api-key in the data directory." };

    public Option<string> DataDirectory { get; } = new("--data-directory")
    {
        Description = "The data directory of a local host, which holds its key.", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("Bxb__DataDirectory") ?? ".bxb",
    };

    /// <summary>The key of the option, else of the environment, else of a local host's data directory.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public async Task<string> FindKeyAsync(ParseResult parsed)
    {
        var key = parsed.GetValue(ApiKey) ?? Environment.GetEnvironmentVariable("BXB_API_KEY");
        if (string.IsNullOrWhiteSpace(key))
        {
            var file = Path.Combine(parsed.GetRequiredValue(DataDirectory).TrimEnd('\r', '\n'), "api-key");
            try
            {
                key = await File.ReadAllTextAsync(file);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new CommandException($"No API key: use --api-key or set BXB_API_KEY ({file} cannot be read: {failure.Message})", failure);
            }
        }

        key = key.Trim();
        return key.Length > 0 && key.All(c => c is > ' ' and < '\u007f') ? key : throw new CommandException("The API key is empty, or has characters other than visible ASCII.");
    }

    /// <summary>A client with the key in its headers. The caller disposes it.</summary>
    public static HttpClient CreateClient(Uri url, string key, int maxConnections)
    {
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = maxConnections, ConnectTimeout = TimeSpan.FromSeconds(10), UseProxy = !url.IsLoopback, AllowAutoRedirect = false };
        return new HttpClient(handler) { DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };
    }

    /// <summary>Refuses arguments that the command does not know, such as misspelt options. The root command passes unknown arguments on as settings, and its commands inherit that.</summary>
    /// <exception cref="CommandException">There is one.</exception>
    public static void RefuseUnknown(ParseResult parsed)
    {
        if (parsed.UnmatchedTokens.Count > 0)
        {
            throw new CommandException($"{parsed.CommandResult.Command.Name} does not know {string.Join(' ', parsed.UnmatchedTokens)}.");
        }
    }

    private static Uri? ParseUrl(ArgumentResult argument)
    {
        var text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Host.Length > 0 && url is { UserInfo: "", Query: "", Fragment: "" })
        {
            return url.AbsolutePath.EndsWith('/') ? url : new Uri(url.AbsoluteUri + "/");
        }

        // The value is not repeated: it may hold a password.
        argument.AddError("--url must be like http://localhost:8080 or https://gateway/bxb/, without user, query and fragment.");
        return null;
    }
}
