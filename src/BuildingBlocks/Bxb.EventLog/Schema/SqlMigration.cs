namespace Bxb.EventLog.Schema;

/// <summary>One step of a schema, run once in its own transaction and never changed after that.</summary>
/// <param name="Set">Whose schema it is: sets are numbered independently of each other.</param>
/// <param name="Number">Its place in the set, from 1, without gaps.</param>
/// <param name="Name">What it does, for people.</param>
/// <param name="Sql">One or more statements, without BEGIN or COMMIT.</param>
public sealed record SqlMigration(string Set, int Number, string Name, string Sql);
