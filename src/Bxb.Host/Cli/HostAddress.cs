using System.CommandLine;
using System.CommandLine.Parsing;

namespace Bxb.Host.Cli;

/// <summary>The address of a running host, for the verbs that call it: <c>http://localhost:8080</c>, or with the path of a gateway, <c>https://gateway/bxb/</c>.</summary>
internal static class HostAddress
{
    private const string Form = "must be like http://localhost:8080 or https://gateway/bxb/, without user, query and fragment.";

    /// <summary>The option <c>--url</c>. Its value ends with a slash, so that the paths of calls are put behind it.</summary>
    public static Option<Uri> Option() => new("--url")
    {
        Description = "The host's address; a path in it stays before the calls.", DefaultValueFactory = _ => new Uri("http://localhost:8080/"), CustomParser = Parse,
    };

    private static Uri? Parse(ArgumentResult argument)
    {
        var text = argument.Tokens.Count == 1 ? argument.Tokens[0].Value : "";
        if (Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Host.Length > 0 && url is { UserInfo: "", Query: "", Fragment: "" })
        {
            return url.AbsolutePath.EndsWith('/') ? url : new Uri(url.AbsoluteUri + "/");
        }

        // The value is not repeated: it may hold a password.
        argument.AddError("--url " + Form);
        return null;
    }
}
