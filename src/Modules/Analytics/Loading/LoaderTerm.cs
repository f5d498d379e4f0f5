using Bxb.ClickHouse;

namespace Bxb.Analytics.Loading;

/// <summary>A time during which this host alone may load a lane, in one life of the server.</summary>
/// <param name="Lane">The lane.</param>
/// <param name="Owner">The term's name, which no other one has or had.</param>
/// <param name="Instance">
/// What the embedded engine called itself then: under another name it is not sure to hold what it acknowledged under this one. Null for a server, which syncs each
/// insert and may be several machines with a name each.
/// </param>
/// <param name="Checkpoint">Up to here everything of the lane is in the table and on disk.</param>
/// <param name="Highest">The highest position in the table, whatever lane it came through.</param>
internal sealed record LoaderTerm(Lane Lane, string Owner, string? Instance, long Checkpoint, long Highest)
{
    /// <summary>FUNCTION_THROW_IF_VALUE_IS_NON_ZERO: another loader has taken over, or the data are not those of this term.</summary>
    internal const int Over = 395;

    /// <summary>The condition that the term which a statement names is not over. See <see cref="Name(ClickHouseStatement)"/>.</summary>
    internal const string Condition = $"NOT throwIf((SELECT argMax(owner, (term, owner)) FROM loader_terms WHERE {Lane.Rivals}) != {{owner:String}}, 'The term is over')";

    /// <summary>
    /// The lanes, of several that are named with their terms, whose terms are not over. See <see cref="Name(ClickHouseStatement, IReadOnlyCollection{LoaderTerm})"/>.
    /// </summary>
    internal const string Standing = """
        SELECT l.lane
        FROM (
            SELECT n.1 AS lane, n.2 AS family, n.3 AS siblings, n.4 AS owner
            FROM (SELECT arrayJoin(arrayZip({lanes:Array(String)}, {families:Array(String)}, {siblings:Array(String)}, {owners:Array(String)})) AS n)
        ) AS l CROSS JOIN loader_terms AS t
        WHERE t.`group` = l.lane OR (startsWith(t.`group`, l.family) AND NOT startsWith(t.`group`, l.siblings))
        GROUP BY l.lane, l.owner
        HAVING argMax(t.owner, (t.term, t.owner)) = l.owner
        """;

    /// <summary>The condition that none of several terms is over.</summary>
    internal const string AllStand = $"NOT throwIf((SELECT count() FROM ({Standing})) != length({{lanes:Array(String)}}), 'A term is over')";

    /// <summary>Binds what <see cref="Condition"/> asks for, and has the embedded engine refuse the statement in another life.</summary>
    internal ClickHouseStatement Name(ClickHouseStatement statement)
    {
        statement.OnlyInstance = Instance;
        return Name(statement, Lane).With("owner", Owner);
    }

    /// <summary>Binds what <see cref="Standing"/> asks for, and has the embedded engine refuse the statement in another life than that of these terms.</summary>
    internal static ClickHouseStatement Name(ClickHouseStatement statement, IReadOnlyCollection<LoaderTerm> terms)
    {
        statement.OnlyInstance = terms.First().Instance;
        return statement
            .With("lanes", [.. terms.Select(t => t.Lane.Name)])
            .With("families", [.. terms.Select(t => t.Lane.Family)])
            .With("siblings", [.. terms.Select(t => t.Lane.Siblings)])
            .With("owners", [.. terms.Select(t => t.Owner)]);
    }

    /// <summary>Binds what <see cref="Lane.Rivals"/> asks for.</summary>
    internal static ClickHouseStatement Name(ClickHouseStatement statement, Lane lane) =>
        statement.With("lane", lane.Name).With("family", lane.Family).With("siblings", lane.Siblings);
}

/// <summary>No term can begin just now: another loader begins one at the same moment, or the table is being exchanged. Passes.</summary>
internal sealed class TermRefusedException(string message) : Exception(message);
