using Microsoft.AspNetCore.Http;

namespace Bxb.Modularity.Errors;

/// <summary>A stable code of an error answer, the member <c>code</c> of a problem document, with its HTTP status.</summary>
/// <param name="Code">The code, in snake_case. Clients branch on it, so it never changes.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">One sentence that is the same for every occurrence.</param>
public sealed record ErrorCode(string Code, int Status, string Title)
{
    /// <summary>The request is not valid HTTP and reached no call: a target with <c>%00</c>, a malformed header, a body with invalid framing.</summary>
    public static readonly ErrorCode InvalidRequest = new("invalid_request", StatusCodes.Status400BadRequest, "The request's target, headers or framing are not valid.");

    /// <summary>The body is not JSON.</summary>
    public static readonly ErrorCode InvalidJson = new("invalid_json", StatusCodes.Status400BadRequest, "The body is not valid JSON.");

    /// <summary>The body is not UTF-8.</summary>
    public static readonly ErrorCode InvalidUtf8 = new("invalid_utf8", StatusCodes.Status400BadRequest, "The body is not valid UTF-8.");

    /// <summary>The compressed body cannot be decompressed.</summary>
    public static readonly ErrorCode InvalidEncoding = new("invalid_encoding", StatusCodes.Status400BadRequest, "The body is not valid in its content encoding.");

    /// <summary>An object names a member twice.</summary>
    public static readonly ErrorCode DuplicateMember = new("duplicate_member", StatusCodes.Status400BadRequest, "A JSON object names a member twice.");

    /// <summary>A query parameter cannot be read.</summary>
    public static readonly ErrorCode InvalidParameter = new("invalid_parameter", StatusCodes.Status400BadRequest, "A parameter of the request is not valid.");

    /// <summary>The key is missing, unknown or revoked.</summary>
    public static readonly ErrorCode Unauthorized = new("unauthorized", StatusCodes.Status401Unauthorized, "A valid API key is needed.");

    /// <summary>The key lacks the scope.</summary>
    public static readonly ErrorCode MissingScope = new("missing_scope", StatusCodes.Status403Forbidden, "The API key lacks the scope that this call needs.");

    /// <summary>The resource does not exist for this organization.</summary>
    public static readonly ErrorCode NotFound = new("not_found", StatusCodes.Status404NotFound, "There is nothing here.");

    /// <summary>The path has other methods only; <c>Allow</c> lists them.</summary>
    public static readonly ErrorCode MethodNotAllowed = new("method_not_allowed", StatusCodes.Status405MethodNotAllowed, "The path does not know this method.");

    /// <summary>The request's body did not arrive in time.</summary>
    public static readonly ErrorCode RequestTimeout = new("request_timeout", StatusCodes.Status408RequestTimeout, "The request did not arrive in time.");

    /// <summary>The identity is recorded with other content.</summary>
    public static readonly ErrorCode EventConflict = new("event_conflict", StatusCodes.Status409Conflict, "An event of this identity was recorded with other content.");

    /// <summary>Several sources have an event with the id; the caller must name one.</summary>
    public static readonly ErrorCode SourceNeeded = new("source_needed", StatusCodes.Status409Conflict, "Several sources have an event of this id.");

    /// <summary>The code or name is taken.</summary>
    public static readonly ErrorCode AlreadyExists = new("already_exists", StatusCodes.Status409Conflict, "It exists already.");

    /// <summary>A replay of the consumer group is under way already.</summary>
    public static readonly ErrorCode ReplayRunning = new("replay_running", StatusCodes.Status409Conflict, "A replay of this consumer group is under way.");

    /// <summary>The operation can no longer be stopped.</summary>
    public static readonly ErrorCode TooLate = new("too_late", StatusCodes.Status409Conflict, "It is too late for that.");

    /// <summary>The dead letter is not an event of the log and cannot be delivered.</summary>
    public static readonly ErrorCode NothingToDeliver = new("nothing_to_deliver", StatusCodes.Status409Conflict, "There is no event that could be delivered again.");

    /// <summary>The body's length is needed and missing.</summary>
    public static readonly ErrorCode LengthRequired = new("length_required", StatusCodes.Status411LengthRequired, "The request must state the length of its body.");

    /// <summary>The body is larger than allowed, before or after decompression.</summary>
    public static readonly ErrorCode PayloadTooLarge = new("payload_too_large", StatusCodes.Status413PayloadTooLarge, "The body is too large.");

    /// <summary>The request's target is longer than the server takes.</summary>
    public static readonly ErrorCode TargetTooLong = new("target_too_long", StatusCodes.Status414UriTooLong, "The request's target is too long.");

    /// <summary>The request's headers are larger than the server takes.</summary>
    public static readonly ErrorCode HeadersTooLarge = new("headers_too_large", StatusCodes.Status431RequestHeaderFieldsTooLarge, "The request's headers are too large.");

    /// <summary>The body's media type or content encoding is not one that this call reads.</summary>
    public static readonly ErrorCode UnsupportedMediaType = new("unsupported_media_type", StatusCodes.Status415UnsupportedMediaType, "The media type is not supported here.");

    /// <summary>Well-formed, but not valid.</summary>
    public static readonly ErrorCode ValidationFailed = new("validation_failed", StatusCodes.Status422UnprocessableEntity, "The request is well-formed but not valid.");

    /// <summary>A position beyond the head of the log.</summary>
    public static readonly ErrorCode PositionBeyondHead = new("position_beyond_head", StatusCodes.Status422UnprocessableEntity, "The position lies beyond the log's head.");

    /// <summary>The answer would exceed the limit of the host.</summary>
    public static readonly ErrorCode AnswerTooLarge = new("answer_too_large", StatusCodes.Status422UnprocessableEntity, "The answer would be too large.");

    /// <summary>The host is at its limit. The same request may be sent again after <c>Retry-After</c> seconds.</summary>
    public static readonly ErrorCode TooManyRequests = new("too_many_requests", StatusCodes.Status429TooManyRequests, "The host is at its limit; try again later.");

    /// <summary>A server that the call needs does not answer.</summary>
    public static readonly ErrorCode Unavailable = new("unavailable", StatusCodes.Status503ServiceUnavailable, "A store that this call needs is away; try again later.");

    /// <summary>The requested store does not cover the position in time.</summary>
    public static readonly ErrorCode PositionNotReached = new("position_not_reached", StatusCodes.Status503ServiceUnavailable, "The store does not cover the position yet.");

    /// <summary>A defect of Bxb. The answer has no details; the log has them.</summary>
    public static readonly ErrorCode InternalError = new("internal_error", StatusCodes.Status500InternalServerError, "Something went wrong in the host.");

    /// <summary>All codes, for documentation and tests.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } =
    [
        InvalidRequest, InvalidJson, InvalidUtf8, InvalidEncoding, DuplicateMember, InvalidParameter, Unauthorized, MissingScope, NotFound, MethodNotAllowed, RequestTimeout, EventConflict,
        SourceNeeded, AlreadyExists, ReplayRunning, TooLate, NothingToDeliver, LengthRequired, PayloadTooLarge, TargetTooLong,
        HeadersTooLarge, UnsupportedMediaType, ValidationFailed, PositionBeyondHead, AnswerTooLarge, TooManyRequests, Unavailable,
        PositionNotReached, InternalError,
    ];
}
