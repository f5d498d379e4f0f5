using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Bxb.Embedded.Engine.Http;

/// <summary>Checks the one user and its password, sent in any of ClickHouse's three ways. Compares in constant time.</summary>
internal sealed class Credentials(string user, string password)
{
    private const int RequiredPassword = 194;
    private const int AuthenticationFailed = 516;

    private readonly byte[] _expected = Hash(user, password);

    /// <summary>Refuses a request without the right user and password.</summary>
    /// <exception cref="EngineException">User or password are missing or wrong.</exception>
    public void Check(HttpRequest request)
    {
        var (givenUser, givenPassword) = Read(request);
        if (givenUser is null)
        {
            request.HttpContext.Response.Headers.WWWAuthenticate = "Basic realm=\"ClickHouse server HTTP API\"";
            throw EngineException.Own(RequiredPassword, "REQUIRED_PASSWORD", "A user and a password are needed.");
        }

        if (!CryptographicOperations.FixedTimeEquals(Hash(givenUser, givenPassword ?? ""), _expected))
        {
            throw EngineException.Own(AuthenticationFailed, "AUTHENTICATION_FAILED", "Authentication failed: password is incorrect, or there is no user with such name.");
        }
    }

    private static (string? User, string? Password) Read(HttpRequest request)
    {
        if (request.Headers.TryGetValue("X-ClickHouse-User", out var user))
        {
            return (user.ToString(), request.Headers["X-ClickHouse-Key"].ToString());
        }

        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
        {
            var decoded = new byte[authorization.Length];
            var pair = Convert.TryFromBase64String(authorization[6..].Trim(), decoded, out var length) ? Encoding.UTF8.GetString(decoded, 0, length) : "";
            var colon = pair.IndexOf(':', StringComparison.Ordinal);
            return colon < 0 ? (pair, "") : (pair[..colon], pair[(colon + 1)..]);
        }

        return request.Query.TryGetValue("user", out var named) ? (named.ToString(), request.Query["password"].ToString()) : (null, null);
    }

    private static byte[] Hash(string user, string password) => SHA256.HashData(Encoding.UTF8.GetBytes($"{user}\0{password}"));
}
