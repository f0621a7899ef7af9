using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>
/// Reads the pickles of PyTorch's state_dicts without running anything: numbers, strings, tuples, lists, dictionaries and tensors. Python's functions and
/// classes are only names here; all but those that rebuild tensors are refused.
/// </summary>
/// <remarks>
/// A pickle is a program for a stack machine. Values: <c>null</c>, <c>bool</c>, <c>long</c>, <see cref="BigInteger"/>, <c>double</c>, <c>string</c>,
/// <c>object?[]</c> (a tuple), <c>List</c>, <see cref="PickleDictionary"/>, <see cref="PickleGlobal"/>, <see cref="PickledStorage"/>,
/// <see cref="PickledTensor"/>. It has no loops and no calls, so its time and memory are linear in its length.
/// </remarks>
internal sealed class Pickle
{
    private const int MaxTextBytes = 1 << 20;

    private static readonly object Mark = new();

    private readonly Stream _input;
    private readonly Action<PickledStorage>? _onStorage;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<long, object?> _memo = [];

    private Pickle(Stream input, Action<PickledStorage>? onStorage) => (_input, _onStorage) = (input, onStorage);

    /// <summary>Reads one pickle and leaves the stream after it.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="onStorage">Called for each storage that the pickle refers to.</param>
    /// <exception cref="InvalidDataException">The pickle is damaged, or contains something else; the message says what.</exception>
    public static object? Read(Stream stream, Action<PickledStorage>? onStorage = null)
    {
        try
        {
            return new Pickle(stream, onStorage).Run();
        }
        catch (EndOfStreamException e)
        {
            throw new InvalidDataException("The pickle is truncated.", e);
        }
    }

    private object? Run()
    {
        while (true)
        {
            int code = ReadByte();
            switch ((char)code)
            {
                case '.':
                    return Pop();
                case '\x80':
                    int protocol = ReadByte();
                    if (protocol > 5)
                    {
                        throw new InvalidDataException($"The pickle has protocol {protocol}; protocols up to 5 can be read.");
                    }

                    break;
                case '\x95': // FRAME
                    ReadInt64();
                    break;
                case '(':
                    _stack.Add(Mark);
                    break;
                case '0':
                    Pop();
                    break;
                case 't':
                    _stack.Add(PopToMark());
                    break;
                case ')' or '\x85' or '\x86' or '\x87':
                    _stack.Add(PopMany(code == ')' ? 0 : code - 0x84));
                    break;
                case 'q':
                    _memo[ReadByte()] = Top();
                    break;
                case 'r':
                    _memo[ReadInt32()] = Top();
                    break;
                case '\x94': // MEMOIZE
                    _memo[_memo.Count] = Top();
                    break;
                case 'h':
                    _stack.Add(Recall(ReadByte()));
                    break;
                case 'j':
                    _stack.Add(Recall(ReadInt32()));
                    break;
                case 'c':
                    _stack.Add(PickleGlobal.Of(ReadLine(), ReadLine()));
                    break;
                case '\x93': // STACK_GLOBAL
                    string name = Pop<string>();
                    _stack.Add(PickleGlobal.Of(Pop<string>(), name));
                    break;
                case 'R':
                    object?[] arguments = Pop<object?[]>();
                    _stack.Add(Pop<PickleGlobal>().Call(arguments));
                    break;
                case 'Q':
                    PickledStorage storage = PickledStorage.Of(Pop<object?[]>());
                    _onStorage?.Invoke(storage);
                    _stack.Add(storage);
                    break;
                case 'b': // BUILD: the attributes of a state_dict, such as its version.
                    Pop();
                    Top<PickleDictionary>();
                    break;
                default:
                    if (!TryContainer((char)code) && !TryConstant((char)code))
                    {
                        throw new InvalidDataException($"The pickle has the instruction 0x{code:x2}, which a state_dict does not need.");
                    }

                    break;
            }
        }
    }

    private bool TryContainer(char code)
    {
        switch (code)
        {
            case '}':
                _stack.Add(new PickleDictionary());
                return true;
            case ']':
                _stack.Add(new List<object?>());
                return true;
            case 'a':
                object? item = Pop();
                Top<List<object?>>().Add(item);
                return true;
            case 'e':
                object?[] items = PopToMark();
                Top<List<object?>>().AddRange(items);
                return true;
            case 's':
                object?[] pair = PopMany(2);
                Top<PickleDictionary>().Set(pair[0], pair[1]);
                return true;
            case 'u':
                object?[] pairs = PopToMark();
                PickleDictionary dictionary = Top<PickleDictionary>();
                for (int i = 0; i + 1 < pairs.Length; i += 2)
                {
                    dictionary.Set(pairs[i], pairs[i + 1]);
                }

                return true;
            default:
                return false;
        }
    }

    private bool TryConstant(char code)
    {
        object? value;
        switch (code)
        {
            case 'N':
                value = null;
                break;
            case '\x88' or '\x89':
                value = code == '\x88';
                break;
            case 'K':
                value = (long)ReadByte();
                break;
            case 'M':
                value = (long)BinaryPrimitives.ReadUInt16LittleEndian(ReadBytes(2));
                break;
            case 'J':
                value = (long)ReadInt32();
                break;
            case '\x8a': // LONG1
                BigInteger integer = new(ReadBytes(ReadByte()));
                value = integer >= long.MinValue && integer <= long.MaxValue ? (object)(long)integer : integer;
                break;
            case 'G':
                value = BinaryPrimitives.ReadDoubleBigEndian(ReadBytes(8));
                break;
            case 'X' or 'T':
                value = Encoding.UTF8.GetString(ReadBytes(BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4))));
                break;
            case 'U' or '\x8c': // SHORT_BINSTRING, SHORT_BINUNICODE
                value = Encoding.UTF8.GetString(ReadBytes(ReadByte()));
                break;
            default:
                return false;
        }

        _stack.Add(value);
        return true;
    }

    private object? Recall(long key) =>
        _memo.TryGetValue(key, out object? value) ? value : throw new InvalidDataException($"The pickle refers to value {key}, which it does not have.");

    private object? Top() =>
        _stack.Count > 0 && _stack[^1] != Mark ? _stack[^1] : throw new InvalidDataException("The pickle uses a value that it does not have.");

    private T Top<T>()
        where T : class => Top() as T ?? throw Unexpected<T>(_stack[^1]);

    private object? Pop()
    {
        object? value = Top();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private T Pop<T>()
        where T : class => Pop() is var value && value is T typed ? typed : throw Unexpected<T>(value);

    private object?[] PopMany(int count)
    {
        object?[] values = new object?[count];
        for (int i = count - 1; i >= 0; i--)
        {
            values[i] = Pop();
        }

        return values;
    }

    private object?[] PopToMark()
    {
        int mark = _stack.LastIndexOf(Mark);
        if (mark < 0)
        {
            throw new InvalidDataException("The pickle ends a list that it did not start.");
        }

        object?[] values = [.. _stack[(mark + 1)..]];
        _stack.RemoveRange(mark, _stack.Count - mark);
        return values;
    }

    private static InvalidDataException Unexpected<T>(object? value) =>
        new($"The pickle has {value?.GetType().Name ?? "None"} where a state_dict has {typeof(T).Name}.");

    private int ReadByte() => _input.ReadByte() is >= 0 and var value ? value : throw new EndOfStreamException();

    private int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(4));

    private long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(ReadBytes(8));

    private byte[] ReadBytes(long count)
    {
        if (count > MaxTextBytes)
        {
            throw new InvalidDataException($"The pickle has a text of {count} bytes; the maximum is {MaxTextBytes}.");
        }

        byte[] bytes = new byte[count];
        _input.ReadExactly(bytes);
        return bytes;
    }

    private string ReadLine()
    {
        List<byte> line = [];
        for (int value = ReadByte(); value != '\n'; value = ReadByte())
        {
            line.Add((byte)value);
            if (line.Count > MaxTextBytes)
            {
                throw new InvalidDataException($"The pickle has a name of more than {MaxTextBytes} bytes.");
            }
        }

        return Encoding.UTF8.GetString([.. line]);
    }
}

/// <summary>A dictionary of a pickle, in the order of insertion. Only keys that are strings are kept: others are not in a state_dict.</summary>
internal sealed class PickleDictionary
{
    private readonly OrderedDictionary<string, object?> _values = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<string, object?>> Entries => _values;

    public object? this[string key] => _values.GetValueOrDefault(key);

    public void Set(object? key, object? value)
    {
        if (key is string name)
        {
            _values[name] = value;
        }
    }
}

/// <summary>The name of a function or class of Python that a state_dict needs.</summary>
internal sealed record PickleGlobal(string Module, string Name)
{
    private static readonly HashSet<string> Allowed =
    [
        "collections.OrderedDict",
        "torch.Size",
        "torch._utils._rebuild_tensor",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
    ];

    /// <exception cref="InvalidDataException">The name is not one that a state_dict needs.</exception>
    public static PickleGlobal Of(string module, string name) =>
        Allowed.Contains($"{module}.{name}") || (module is "torch" or "torch.storage" && PickledStorage.IsStorage(name))
            ? new PickleGlobal(module, name)
            : throw new InvalidDataException(
                $"It uses '{module}.{name}', which is not allowed: a state_dict has only tensors. Nothing of the file was run. "
                    + "In Python, save the weights alone: torch.save(model.state_dict(), path)."
            );

    /// <summary>The result of the function.</summary>
    public object? Call(object?[] arguments) =>
        (Name, arguments) switch
        {
            ("OrderedDict", []) => new PickleDictionary(),
            ("OrderedDict", [List<object?> pairs]) => Dictionary(pairs),
            ("Size", [object?[] sizes]) => sizes,
            ("_rebuild_parameter", [PickledTensor tensor, ..]) => tensor,
            ("_rebuild_tensor" or "_rebuild_tensor_v2", [PickledStorage storage, long offset, object?[] shape, object?[] strides, ..]) => PickledTensor.Of(
                storage,
                offset,
                shape,
                strides
            ),
            _ => throw new InvalidDataException($"It calls '{Module}.{Name}' with other arguments than a state_dict."),
        };

    private static PickleDictionary Dictionary(List<object?> pairs)
    {
        PickleDictionary dictionary = new();
        foreach (object? pair in pairs)
        {
            (object? key, object? value) = pair switch
            {
                object?[] and [var first, var second] => (first, second),
                List<object?> and [var first, var second] => (first, second),
                _ => throw new InvalidDataException("It calls 'collections.OrderedDict' with other arguments than a state_dict."),
            };
            dictionary.Set(key, value);
        }

        return dictionary;
    }
}
