using System.Collections.Concurrent;
using System.Text;
using Bxb.Embedded.Engine.Sql;

namespace Bxb.Embedded.Engine.Native;

/// <summary>
/// One connection to the engine and the thread that calls into it: calls block for as long as a query runs, and the thread has the
/// deep stack that the engine's parser expects. One statement at a time; whoever has taken it from the pool is its only user.
/// </summary>
internal sealed class EngineConnection
{
    private const int StackBytes = 16 << 20;

    private readonly EngineLibrary _library;
    private readonly nint _connection;
    private readonly IReadOnlyDictionary<string, string> _defaults;
    private readonly BlockingCollection<Action> _calls = [];
    private string _database = "default";

    public EngineConnection(EngineLibrary library, nint pointer, nint connection, IReadOnlyDictionary<string, string> defaults)
    {
        (_library, Pointer, _connection, _defaults) = (library, pointer, connection, defaults);
        new Thread(Work, StackBytes) { IsBackground = true, Name = "engine-connection" }.Start();
    }

    /// <summary>The library's handle, for closing.</summary>
    public nint Pointer { get; }

    /// <summary>Runs something on this connection's thread.</summary>
    public Task<T> RunAsync<T>(Func<T> call)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _calls.Add(() =>
        {
            try
            {
                done.SetResult(call());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task;
    }

    /// <summary>Chooses the database and sets the settings of one request; undone by <see cref="Reset"/>, also when this throws.</summary>
    /// <exception cref="EngineException">There is no such database or setting, or a value is refused.</exception>
    public void Prepare(string database, IReadOnlyList<KeyValuePair<string, string>> settings)
    {
        if (_database != database)
        {
            Run($"USE {SqlText.Identifier(database)}");
            _database = database;
        }

        Run("SET " + string.Join(", ", settings.Select(s => $"{SqlText.Identifier(s.Key)} = {SqlText.Literal(s.Value)}")));
    }

    /// <summary>
    /// Puts the settings of a request back to what every request starts with. A query that failed stays in the engine's list, with all it
    /// holds, until the next statement on its connection: there is one here.
    /// </summary>
    public void Reset(IReadOnlyList<KeyValuePair<string, string>> settings)
    {
        Query("SET log_comment = ''", "Null", [], streaming: false).Dispose();
        foreach (var (name, _) in settings)
        {
            Query($"SET {SqlText.Identifier(name)} = {(_defaults.TryGetValue(name, out var value) ? value : "DEFAULT")}", "Null", [], streaming: false).Dispose();
        }
    }

    /// <summary>Runs a statement; errors are in the result. Streaming results are fetched and closed on the same thread.</summary>
    public EngineResult Query(string sql, string format, IReadOnlyList<KeyValuePair<string, string>> parameters, bool streaming) =>
        _library.Query(_connection, Encoding.UTF8.GetBytes(sql), format, parameters, streaming);

    public EngineResult Fetch(EngineResult stream) => _library.Fetch(_connection, stream);

    public void Cancel(EngineResult stream) => _library.Cancel(_connection, stream);

    /// <summary>Runs a statement whose rows do not matter.</summary>
    /// <exception cref="EngineException">The engine refuses it.</exception>
    public void Run(string sql)
    {
        using var result = Query(sql, "Null", [], streaming: false);
        if (result.Error is { } error)
        {
            throw EngineException.Parse(error);
        }
    }

    private void Work()
    {
        foreach (var call in _calls.GetConsumingEnumerable())
        {
            call();
        }
    }
}
