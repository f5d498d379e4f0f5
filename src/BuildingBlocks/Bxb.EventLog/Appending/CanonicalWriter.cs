using System.Text.Json;
using System.Text.Unicode;
using Bxb.Primitives.Json;

namespace Bxb.EventLog.Appending;

/// <summary>Writes the canonical text of JSON objects into its own buffer. One per thread, reused; not thread-safe.</summary>
internal sealed class CanonicalWriter
{
    private const int PointBytes = 2;

    private readonly CanonicalMembers _members = new();
    private readonly CanonicalPath _path;
    private readonly CanonicalOutput _output = new();
    private PropertyLimits _limits = new();
    private PropertyFaults _faults = new();

    public CanonicalWriter() => _path = new CanonicalPath(_members);

    /// <summary>Returns the canonical text, valid until the next call. It is incomplete if faults were added.</summary>
    public ReadOnlySpan<byte> Write(ref Utf8JsonReader reader, PropertyLimits limits, PropertyFaults faults)
    {
        _limits = limits;
        _faults = faults;
        _output.Start(limits.MaxBytes);
        _members.Truncate(0, 0);
        _path.Clear();
        WriteObject(ref reader, depth: 1);
        if (_output.IsFull)
        {
            // The document was read to its end, so that its other faults are reported too.
            _path.Fault(_faults, $"are larger than {_limits.MaxBytes} bytes");
        }
        else if (!Utf8.IsValid(_output.Text))
        {
            _path.Fault(_faults, "is not valid UTF-8");
        }

        return _output.Text;
    }

    public void Trim()
    {
        _members.Trim();
        _output.Trim();
    }

    private void WriteValue(ref Utf8JsonReader reader, int depth)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray when depth > _limits.MaxDepth:
                _path.Fault(_faults, $"is nested deeper than {_limits.MaxDepth}");
                Skip(ref reader);
                break;
            case JsonTokenType.StartObject:
                WriteObject(ref reader, depth);
                break;
            case JsonTokenType.StartArray:
                WriteArray(ref reader, depth);
                break;
            case JsonTokenType.String:
                WriteString(ref reader);
                break;
            case JsonTokenType.Number:
                WriteNumber(reader.ValueSpan);
                break;
            default:
                _output.Put(reader.TokenType switch { JsonTokenType.True => "true"u8, JsonTokenType.False => "false"u8, _ => "null"u8 });
                break;
        }
    }

    private void WriteObject(ref Utf8JsonReader reader, int depth)
    {
        var firstMember = _members.Count;
        var firstName = _members.NameBytes;
        _output.Put("{"u8);
        var start = _output.Length;
        while (Read(ref reader) && reader.TokenType != JsonTokenType.EndObject)
        {
            if (_members.Count > firstMember)
            {
                _output.Put(","u8);
            }

            WriteMember(ref reader, depth);
        }

        if (_members.Sort(firstMember))
        {
            FindDuplicates(_members.From(firstMember));
            _output.Reorder(start, _members.From(firstMember));
        }

        _output.Put("}"u8);
        _members.Truncate(firstMember, firstName);
    }

    private void WriteMember(ref Utf8JsonReader reader, int depth)
    {
        var token = reader.ValueSpan;
        var nameOffset = _members.NameBytes;
        var flaws = TextFlaws.None;
        var nameLength = token.Length;
        if (reader.ValueIsEscaped)
        {
            nameLength = JsonText.Unescape(token, _members.NameSpan(token.Length), out flaws);
        }
        else
        {
            token.CopyTo(_members.NameSpan(token.Length));
        }

        _members.AdvanceName(nameLength);
        _path.PushName(nameOffset, nameLength);
        var start = _output.Length;
        _output.PutString(_members.Name(nameOffset, nameLength), reader.ValueIsEscaped);
        _output.Put(":"u8);
        CheckText(flaws, "name");
        CheckName(_members.Name(nameOffset, nameLength));
        Read(ref reader);
        WriteValue(ref reader, depth + 1);
        _members.Add(new CanonicalMember(nameOffset, nameLength, start, _output.Length - start));
        _path.Pop();
    }

    private void WriteArray(ref Utf8JsonReader reader, int depth)
    {
        _output.Put("["u8);
        for (var index = 0; Read(ref reader) && reader.TokenType != JsonTokenType.EndArray; index++)
        {
            if (index > 0)
            {
                _output.Put(","u8);
            }

            _path.PushIndex(index);
            WriteValue(ref reader, depth + 1);
            _path.Pop();
        }

        _output.Put("]"u8);
    }

    private void WriteString(ref Utf8JsonReader reader)
    {
        var token = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
        {
            _output.PutString(token, escape: false);
            return;
        }

        // Unescaped into the free space behind the names, and not kept.
        var to = _members.NameSpan(token.Length);
        var length = JsonText.Unescape(token, to, out var flaws);
        _output.PutString(to[..length], escape: true);
        CheckText(flaws, "text");
    }

    private void WriteNumber(ReadOnlySpan<byte> number)
    {
        Span<byte> plain = stackalloc byte[128];
        if (_limits.MaxNumberDigits + PointBytes > plain.Length)
        {
            plain = new byte[_limits.MaxNumberDigits + PointBytes];
        }

        if (CanonicalNumber.TryWrite(number, _limits.MaxNumberDigits, plain, out var written))
        {
            _output.Put(plain[..written]);
        }
        else
        {
            _path.Fault(_faults, $"has more than {_limits.MaxNumberDigits} digits when written out plainly");
        }
    }

    private void CheckText(TextFlaws flaws, string what)
    {
        if ((flaws & TextFlaws.Nul) != 0)
        {
            _path.Fault(_faults, $"{what} holds the character U+0000");
        }

        if ((flaws & TextFlaws.LoneSurrogate) != 0)
        {
            _path.Fault(_faults, $"{what} holds half of a surrogate pair");
        }
    }

    private void CheckName(ReadOnlySpan<byte> name)
    {
        if (name.Length == 0)
        {
            _path.Fault(_faults, "name is empty");
        }
        else if (name.Length > _limits.MaxNameCharacters && JsonText.CountCharacters(name) > _limits.MaxNameCharacters)
        {
            _path.Fault(_faults, $"name is longer than {_limits.MaxNameCharacters} characters");
        }
    }

    private void FindDuplicates(ReadOnlySpan<CanonicalMember> members)
    {
        for (var i = 1; i < members.Length; i++)
        {
            if (_members.Compare(members[i - 1], members[i]) == 0)
            {
                _path.PushName(members[i].NameOffset, members[i].NameLength);
                _path.Fault(_faults, "is named twice", isDuplicateMember: true);
                _path.Pop();
            }
        }
    }

    private static void Skip(ref Utf8JsonReader reader)
    {
        for (var depth = reader.CurrentDepth; Read(ref reader) && reader.CurrentDepth > depth;)
        {
        }
    }

    private static bool Read(ref Utf8JsonReader reader) =>
        reader.Read() ? true : throw new ArgumentException("The object is not in the reader's buffer as a whole.", nameof(reader));
}
