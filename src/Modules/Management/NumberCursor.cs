using System.Globalization;
using Bxb.Modularity.Http;
using Microsoft.AspNetCore.Http;

namespace Bxb.Management;

/// <summary>Cursors that hold an id.</summary>
internal static class NumberCursor
{
    /// <summary>The id after which the page begins; 0 for the first page.</summary>
    public static long Read(HttpContext http, long max)
    {
        if (ApiQuery.Cursor(http) is not { } cursor)
        {
            return 0;
        }

        return long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= max
            ? number
            : throw ApiQuery.Invalid("cursor", "must be the next_cursor of an earlier answer");
    }
}
