using System.Runtime.InteropServices;
using System.Text;

namespace Bxb.Embedded.Engine.Native;

/// <summary>The C interface of the engine's library. Pointers to its results are opaque. The receiver of a result destroys it.</summary>
internal sealed unsafe class EngineLibrary
{
    private readonly delegate* unmanaged<int, byte**, nint*> _connect;
    private readonly delegate* unmanaged<nint*, void> _close;
    private readonly delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint> _query;
    private readonly delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint> _stream;
    private readonly delegate* unmanaged<nint, nint, nint> _fetch;
    private readonly delegate* unmanaged<nint, nint, void> _cancel;
    private readonly delegate* unmanaged<nint, void> _destroy;
    private readonly delegate* unmanaged<nint, byte*> _error;
    private readonly delegate* unmanaged<nint, byte*> _buffer;
    private readonly delegate* unmanaged<nint, nuint> _length;
    private readonly delegate* unmanaged<nint, ulong> _rowsWritten;

    private EngineLibrary(string path)
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new EngineStartException($"The engine's library {path} cannot be loaded: {e.Message}");
        }

        // The library leaves SIGSEGV, SIGINT and some others alone. The rest is restored after connecting.
        ((delegate* unmanaged<int, void>)NativeLibrary.GetExport(library, "chdb_set_signal_handlers_enabled"))(0);
        _connect = (delegate* unmanaged<int, byte**, nint*>)NativeLibrary.GetExport(library, "chdb_connect");
        _close = (delegate* unmanaged<nint*, void>)NativeLibrary.GetExport(library, "chdb_close_conn");
        _query = (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint>)NativeLibrary.GetExport(library, "chdb_query_with_params_n");
        _stream = (delegate* unmanaged<nint, byte*, nuint, byte*, nuint, byte**, nuint*, byte**, nuint*, nuint, nint>)NativeLibrary.GetExport(library, "chdb_stream_query_with_params_n");
        _fetch = (delegate* unmanaged<nint, nint, nint>)NativeLibrary.GetExport(library, "chdb_stream_fetch_result");
        _cancel = (delegate* unmanaged<nint, nint, void>)NativeLibrary.GetExport(library, "chdb_stream_cancel_query");
        _destroy = (delegate* unmanaged<nint, void>)NativeLibrary.GetExport(library, "chdb_destroy_query_result");
        _error = (delegate* unmanaged<nint, byte*>)NativeLibrary.GetExport(library, "chdb_result_error");
        _buffer = (delegate* unmanaged<nint, byte*>)NativeLibrary.GetExport(library, "chdb_result_buffer");
        _length = (delegate* unmanaged<nint, nuint>)NativeLibrary.GetExport(library, "chdb_result_length");
        _rowsWritten = (delegate* unmanaged<nint, ulong>)NativeLibrary.GetExport(library, "chdb_result_rows_written");
    }

    /// <summary>Loads the library and opens the connections for queries, and a first one for kills.</summary>
    /// <exception cref="EngineStartException">The library cannot be loaded, or another process uses the data folder.</exception>
    public static (EngineLibrary Library, EngineConnection[] Connections) Open(EngineArguments arguments, (string Server, string Users) files)
    {
        var signals = SignalActions.Save();
        var library = new EngineLibrary(arguments.Library);
        var connections = new EngineConnection[arguments.Connections + 1];
        string[] line = ["clickhouse", $"--path={arguments.Data}", $"--config-file={files.Server}", $"--users_config={files.Users}"];
        for (var i = 0; i < connections.Length; i++)
        {
            var pointer = library.Connect(line);
            signals.Restore();
            if (pointer == null)
            {
                throw new EngineStartException($"The engine did not open {arguments.Data}. Its own message stands above.");
            }

            connections[i] = new EngineConnection(library, (nint)pointer, *pointer, EngineConfiguration.QueryDefaults(arguments.MemoryBytes));
        }

        return (library, connections);
    }

    /// <summary>Closes the connections; the last one shuts the engine down. No query may run on them.</summary>
    public void Close(EngineConnection[] connections)
    {
        foreach (var connection in connections)
        {
            _close((nint*)connection.Pointer);
        }
    }

    /// <summary>Runs a statement to its end or, when streaming, until its first rows can be fetched.</summary>
    public EngineResult Query(nint connection, ReadOnlySpan<byte> sql, string format, IReadOnlyList<KeyValuePair<string, string>> parameters, bool streaming)
    {
        var count = parameters.Count;
        var names = parameters.Select(p => Encoding.UTF8.GetBytes(p.Key)).ToArray();
        var values = parameters.Select(p => Encoding.UTF8.GetBytes(p.Value)).ToArray();
        var pins = new List<GCHandle>(count * 2);
        byte** namePointers = stackalloc byte*[count + 1];
        byte** valuePointers = stackalloc byte*[count + 1];
        nuint* nameLengths = stackalloc nuint[count + 1];
        nuint* valueLengths = stackalloc nuint[count + 1];
        var zero = (byte)0;
        var formatBytes = Encoding.UTF8.GetBytes(format);
        try
        {
            for (var i = 0; i < count; i++)
            {
                namePointers[i] = Pin(names[i]);
                nameLengths[i] = (nuint)names[i].Length;
                valuePointers[i] = values[i].Length == 0 ? &zero : Pin(values[i]);
                valueLengths[i] = (nuint)values[i].Length;
            }

            fixed (byte* text = sql)
            fixed (byte* formatText = formatBytes)
            {
                var call = streaming ? _stream : _query;
                return new EngineResult(this, call(connection, text, (nuint)sql.Length, formatText, (nuint)formatBytes.Length, namePointers, nameLengths, valuePointers, valueLengths, (nuint)count));
            }
        }
        finally
        {
            pins.ForEach(pin => pin.Free());
        }

        byte* Pin(byte[] bytes)
        {
            var pin = GCHandle.Alloc(bytes, GCHandleType.Pinned);
            pins.Add(pin);
            return (byte*)pin.AddrOfPinnedObject();
        }
    }

    public EngineResult Fetch(nint connection, EngineResult stream) => new(this, _fetch(connection, stream.Pointer));

    public void Cancel(nint connection, EngineResult stream) => _cancel(connection, stream.Pointer);

    public void Destroy(nint result) => _destroy(result);

    public string? Error(nint result) => result == 0 ? "Code: 1002. DB::Exception: The engine gave no result. (UNKNOWN_EXCEPTION)" : Marshal.PtrToStringUTF8((nint)_error(result));

    public ReadOnlySpan<byte> Bytes(nint result) => result == 0 ? default : new ReadOnlySpan<byte>(_buffer(result), checked((int)_length(result)));

    public ulong RowsWritten(nint result) => result == 0 ? 0 : _rowsWritten(result);

    private nint* Connect(string[] line)
    {
        byte** arguments = stackalloc byte*[line.Length];
        for (var i = 0; i < line.Length; i++)
        {
            // Few and small: freed with the process.
            arguments[i] = (byte*)Marshal.StringToCoTaskMemUTF8(line[i]);
        }

        return _connect(line.Length, arguments);
    }
}
