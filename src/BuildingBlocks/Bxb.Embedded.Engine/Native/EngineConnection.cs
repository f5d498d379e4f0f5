using System.Collections.Concurrent;
using System.Text;
using Bxb.Embedded.Engine.Sql;

namespace Bxb.Embedded.Engine.Native;

/// <summary>
/// One connection to the engine and its thread. A call into the engine blocks while its query runs, and the engine's parser needs the thread's deep stack.
/// Runs one statement at a time. Only the request that took the connection from the pool uses it.
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

    /// <summary>Runs an action on this connection's thread.</summary>
    public Task RunAsync(Action call) => RunAsync(() =>
    {
        call();
        return true;
    });

    /// <summary>Runs a function on this connection's thread.</summary>
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

    /// <summary>Chooses the database and sets the settings of one request. <see cref="Reset"/> undoes this, also after an exception.</summary>
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
    /// Restores the settings that every request starts with. The engine keeps a failed query, with its memory, until the next statement on the connection; the statements here are that.
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
        result.ThrowIfFailed();
    }

    private void Work()
    {
        foreach (var call in _calls.GetConsumingEnumerable())
        {
            call();
        }
    }
}
