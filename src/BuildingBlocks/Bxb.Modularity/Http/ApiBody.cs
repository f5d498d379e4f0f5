using System.Text.Json;
using Bxb.Modularity.Errors;
using Bxb.Modularity.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Bxb.Modularity.Http;

/// <summary>
/// Reads small JSON bodies and refuses invalid JSON, duplicate members, unknown members and wrong types, each with its place. For calls that are not hot; the ingest
/// path has its own reader.
/// </summary>
public static class ApiBody
{
    /// <summary>Maximum nesting depth of a body.</summary>
    public const int MaxDepth = 32;

    /// <summary>The errors of every call that takes a JSON body, for the API description.</summary>
    public static IReadOnlyList<ErrorCode> Errors { get; } =
    [
        ErrorCode.InvalidJson, ErrorCode.InvalidUtf8, ErrorCode.InvalidEncoding, ErrorCode.DuplicateMember, ErrorCode.RequestTimeout, ErrorCode.PayloadTooLarge,
        ErrorCode.UnsupportedMediaType, ErrorCode.ValidationFailed,
    ];

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = MaxDepth };

    /// <summary>Reads the whole body as one <typeparamref name="T"/>. Absent and null members are null; the validator checks required members.</summary>
    /// <param name="context">The request; its body is read to the end.</param>
    /// <param name="maxBytes">Maximum size of the body after decompression, in bytes.</param>
    /// <exception cref="ApiException">415, 413, 400 (encoding, UTF-8, grammar with byte offset, a member twice) or 422 (unknown members, wrong types) with JSON Pointers.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, int maxBytes)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(context);
        var (body, refusal) = await BodyReader.ReadAsync(context, maxBytes, lease: null);
        using (body)
        {
            return body is null ? throw refusal!.ToException() : Parse<T>(body.Memory);
        }
    }

    /// <summary>As <see cref="ReadAsync{T}"/>; returns null for a request without a body.</summary>
    public static async Task<T?> ReadOptionalAsync<T>(HttpContext context, int maxBytes)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(context);
        var canHaveBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody ?? true;
        return !canHaveBody || context.Request.ContentLength == 0 ? null : await ReadAsync<T>(context, maxBytes);
    }

    /// <summary>As <see cref="ReadAsync{T}"/>, for bytes that were read.</summary>
    public static T Parse<T>(ReadOnlyMemory<byte> utf8)
        where T : class
    {
        if (BodyText.Check(utf8.Span) is { } refusal)
        {
            throw refusal.ToException();
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
            // The shape was checked above, so a converter has refused a value.
            throw Invalid("", "has a value that cannot be read");
        }
    }

    private static ApiException Invalid(string pointer, string reason)
        => new(ErrorCode.ValidationFailed, "The body cannot be read as this call needs it.", [new ApiFault(pointer, reason)]);

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
            // The reader throws it for half of a surrogate pair.
            throw new ApiException(ErrorCode.InvalidJson, $"The text at byte {at} has an escape that is no character.");
        }
    }

    private static string Shorten(string name) => name.Length <= 64 ? name : string.Concat(name.AsSpan(0, 64), "...");
}
