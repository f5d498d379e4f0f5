using Bxb.Modularity.Errors;

namespace Bxb.Management;

/// <summary>The errors of every call that takes a JSON body, for the API description.</summary>
internal static class BodyErrors
{
    public static ErrorCode[] With(params ErrorCode[] further) =>
    [
        ErrorCode.InvalidJson, ErrorCode.InvalidUtf8, ErrorCode.DuplicateMember, ErrorCode.InvalidEncoding, ErrorCode.RequestTimeout, ErrorCode.PayloadTooLarge,
        ErrorCode.UnsupportedMediaType, ErrorCode.ValidationFailed, .. further,
    ];
}
