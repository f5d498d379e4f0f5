using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Bxb.Modularity.Http;

/// <summary>
/// Reads small JSON bodies strictly: the media type, the size, UTF-8, the grammar, members that stand twice, unknown members and wrong types, each with its place.
/// For calls that are not hot; the ingest path has readers of its own.
/// </summary>
public static class ApiBody
{
    /// <summary>The nesting that a body may have.</summary>
    public const int MaxDepth = 32;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    /// <summary>Reads the whole body as one <typeparamref name="T"/>. Members that are absent or null are left null: what is required is the validator's to say.</summary>
    /// <param name="context">The request; its body is read to the end.</param>
    /// <param name="maxBytes">The most bytes that the body may have, decompressed.</param>
    /// <exception cref="ApiException">415, 413, 400 (encoding, UTF-8, grammar with byte offset, a member twice) or 422 (unknown members, wrong types) with JSON Pointers.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, int maxBytes)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(context);
        RefuseOtherMediaTypes(context.Request);
        var bytes = await BodyBytes.ReadAsync(context, maxBytes);
        return Parse<T>(bytes);
    }

    /// <summary>As <see cref="ReadAsync{T}"/>, but null for a request without a body.</summary>
    public static async Task<T?> ReadOptionalAsync<T>(HttpContext context, int maxBytes)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(context);
        var canHaveBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        return !canHaveBody || context.Request.ContentLength == 0 ? null : await ReadAsync<T>(context, maxBytes);
    }

    /// <summary>As <see cref="ReadAsync{T}"/>, over bytes that were read already.</summary>
    public static T Parse<T>(ReadOnlyMemory<byte> utf8)
        where T : class
    {
        if (!Utf8.IsValid(utf8.Span))
        {
            throw new ApiException(ErrorCode.InvalidUtf8, "The body holds bytes that are not UTF-8.");
        }

        if (utf8.Span.StartsWith(Encoding.UTF8.Preamble))
        {
            throw new ApiException(ErrorCode.InvalidJson, "The body begins with a byte order mark, at byte 0; JSON has none.");
        }

        CheckGrammar(utf8.Span);
        using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = MaxDepth });
        var faults = JsonShape.Check(document.RootElement, ApiJson.Options.GetTypeInfo(typeof(T)));
        if (faults.Count > 0)
        {
            throw new ApiException(ErrorCode.ValidationFailed, "The body has members that this call does not take as they are.", faults);
        }

        try
        {
            return document.RootElement.Deserialize<T>(ApiJson.Options) ?? throw Invalid("", "must be an object");
        }
        catch (JsonException)
        {
            // The shape was checked above, so this is a value that only its converter can judge.
            throw Invalid("", "has a value that cannot be read");
        }
    }

    private static ApiException Invalid(string pointer, string reason)
        => new(ErrorCode.ValidationFailed, "The body cannot be read as this call needs it.", [new ApiFault(pointer, reason)]);

    private static void RefuseOtherMediaTypes(HttpRequest request)
    {
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out var type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            || (type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) && !type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase)))
        {
            throw new ApiException(ErrorCode.UnsupportedMediaType, "The body must be application/json in UTF-8.");
        }
    }

    private static void CheckGrammar(ReadOnlySpan<byte> utf8)
    {
        var reader = new Utf8JsonReader(utf8, Strict);
        var names = new Stack<HashSet<string>?>();
        var at = 0L;
        try
        {
            while (reader.Read())
            {
                at = reader.TokenStartIndex;
                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject:
                        names.Push(new HashSet<string>(StringComparer.Ordinal));
                        break;
                    case JsonTokenType.StartArray:
                        names.Push(null);
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        names.Pop();
                        break;
                    case JsonTokenType.PropertyName:
                        var name = reader.GetString()!;
                        if (!names.Peek()!.Add(name))
                        {
                            throw new ApiException(ErrorCode.DuplicateMember, $"The member '{Shorten(name)}' stands a second time at byte {at}.");
                        }

                        break;
                    case JsonTokenType.String:
                        _ = reader.GetString();
                        break;
                }
            }
        }
        catch (JsonException)
        {
            throw new ApiException(ErrorCode.InvalidJson, $"The body stops being JSON at byte {reader.BytesConsumed}.");
        }
        catch (InvalidOperationException)
        {
            // The reader's word for an escape that names half of a surrogate pair.
            throw new ApiException(ErrorCode.InvalidJson, $"The text at byte {at} has an escape that is no character.");
        }
    }

    private static string Shorten(string name) => name.Length <= 64 ? name : string.Concat(name.AsSpan(0, 64), "...");
}
