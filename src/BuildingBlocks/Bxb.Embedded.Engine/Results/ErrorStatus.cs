namespace Bxb.Embedded.Engine.Results;

/// <summary>The HTTP status of an error, as a ClickHouse server chooses it by its code.</summary>
internal static class ErrorStatus
{
    public static int Of(int code) => code switch
    {
        // REQUIRED_PASSWORD
        194 => 401,

        // READONLY, UNKNOWN_USER, WRONG_PASSWORD, ACCESS_DENIED, AUTHENTICATION_FAILED
        164 or 192 or 193 or 497 or 516 => 403,

        // Errors of parsing: texts, quotes, dates, numbers, input, syntax trees, arguments, parameters
        6 or 25 or 26 or 27 or 38 or 41 or 72 or 36 or 53 or 62 or 117 or 167 or 168 or 455 or 456 or 457 => 400,

        // UNKNOWN_: identifier, function, type, storage, table, setting, direction, format, database, engine
        46 or 47 or 50 or 56 or 60 or 63 or 73 or 81 or 115 or 152 or 336 => 404,

        // NOT_IMPLEMENTED
        48 => 501,

        // TIMEOUT_EXCEEDED
        159 => 408,

        // SOCKET_TIMEOUT, CANNOT_SCHEDULE_TASK
        209 or 439 => 503,

        // QUERY_IS_TOO_LARGE
        307 => 413,
        _ => 500,
    };
}
