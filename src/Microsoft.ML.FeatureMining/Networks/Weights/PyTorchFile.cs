using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>
/// A state_dict that was saved by PyTorch's torch.save (.pth, .pt, .bin), alone or in a dictionary under a usual name such as "state_dict". Both formats: a zip
/// archive of <c>data.pkl</c> and one entry per storage, and the older sequence of pickles and storages.
/// </summary>
internal sealed class PyTorchFile : WeightFile
{
    private const long MaxPickleBytes = 100_000_000;

    // Where training programs put the state_dict of the model.
    private static readonly string[] Wrappers = ["state_dict", "model_state_dict", "model", "state_dict_ema", "model_ema", "net", "network"];

    private readonly IStorages _storages;
    private readonly Dictionary<string, PickledTensor> _tensors = new(StringComparer.Ordinal);
    private (string? Key, byte[] Bytes) _last = (null, []);

    private PyTorchFile(IStorages storages, object? root)
    {
        _storages = storages;
        foreach ((string name, object? value) in StateDict(root).Entries)
        {
            if (value is PickledTensor tensor)
            {
                tensor.Check(name, storages.LengthOf(tensor.Storage.Key));
                _tensors.Add(name, tensor);
            }
        }

        Entries = [.. _tensors.Select(entry => new WeightEntry(entry.Key, entry.Value.Storage.Type, entry.Value.Shape))];
    }

    /// <summary>Gives access to the bytes of storages by key.</summary>
    private interface IStorages : IDisposable
    {
        /// <summary>The length in bytes.</summary>
        long LengthOf(string key);

        byte[] Read(string key, int length);
    }

    public override IReadOnlyList<WeightEntry> Entries { get; }

    /// <exception cref="InvalidDataException">The file is damaged, or has no state_dict; the message names it.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static PyTorchFile Open(string path, WeightFormat format)
    {
        IStorages? storages = null;
        try
        {
            object? root;
            if (format == WeightFormat.PyTorchZip)
            {
                ZipStorages zip = new(path);
                storages = zip;
                root = zip.ReadPickle();
            }
            else
            {
                LegacyStorages legacy = new(path);
                storages = legacy;
                root = legacy.ReadPickles();
            }

            return new PyTorchFile(storages, root);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            storages?.Dispose();
            throw new InvalidDataException(
                $"The PyTorch file '{path}' cannot be read. {(e is EndOfStreamException ? "The file is truncated." : e.Message)}",
                e
            );
        }
        catch
        {
            storages?.Dispose();
            throw;
        }
    }

    public override void CopyTo(WeightEntry entry, Tensor target)
    {
        if (entry.Count == 0)
        {
            return;
        }

        PickledTensor tensor = _tensors[entry.Name];
        PickledStorage storage = tensor.Storage;
        int length = checked((int)(storage.Count * storage.Width));
        // Several tensors may be views of one storage. A damaged file gives it several lengths.
        if (_last.Key != storage.Key || _last.Bytes.Length != length)
        {
            _last = (storage.Key, _storages.Read(storage.Key, length));
        }

        using DisposeScope scope = NewDisposeScope();
        Tensor all = empty(storage.Count, storage.Type, CPU);
        _last.Bytes.CopyTo(all.bytes);
        target.copy_(all.as_strided(tensor.Shape, tensor.Strides, tensor.Offset));
    }

    public override void Dispose() => _storages.Dispose();

    private static PickleDictionary StateDict(object? root)
    {
        PickleDictionary top =
            root as PickleDictionary
            ?? throw new InvalidDataException("It has no state_dict. In Python, save the weights: torch.save(model.state_dict(), path).");
        IEnumerable<PickleDictionary> inner = Wrappers.Select(name => top[name]).OfType<PickleDictionary>();
        // Checkpoints may have other tensors beside the state_dict, such as the best accuracy.
        return inner.Append(top).FirstOrDefault(HasTensors)
            ?? throw new InvalidDataException(
                $"It has no state_dict: its keys are {string.Join(", ", top.Entries.Take(5).Select(entry => $"'{entry.Key}'"))}. "
                    + "In Python, save the weights: torch.save(model.state_dict(), path)."
            );
    }

    private static bool HasTensors(PickleDictionary dictionary) => dictionary.Entries.Any(entry => entry.Value is PickledTensor);

    /// <summary>The format since PyTorch 1.6.</summary>
    private sealed class ZipStorages : IStorages
    {
        private readonly ZipArchive _zip;
        private readonly string _folder;

        public ZipStorages(string path)
        {
            _zip = ZipFile.OpenRead(path);
            string pickle = _zip.Entries.First(entry => entry.Name == "data.pkl").FullName;
            _folder = pickle[..^"data.pkl".Length];
        }

        public object? ReadPickle()
        {
            if (_zip.GetEntry(_folder + "byteorder") is { } order && Text(order) != "little")
            {
                throw new InvalidDataException("It was saved on a big-endian machine.");
            }

            ZipArchiveEntry entry = _zip.GetEntry(_folder + "data.pkl")!;
            if (entry.Length > MaxPickleBytes)
            {
                throw new InvalidDataException($"Its pickle is too large: {entry.Length} bytes; the maximum is {MaxPickleBytes}.");
            }

            using BufferedStream stream = new(entry.Open());
            return Pickle.Read(stream);
        }

        public long LengthOf(string key) => Storage(key).Length;

        public byte[] Read(string key, int length)
        {
            using Stream stream = Storage(key).Open();
            return SafetensorsHeader.ReadExactly(stream, length, $"the storage '{key}'");
        }

        public void Dispose() => _zip.Dispose();

        private ZipArchiveEntry Storage(string key) =>
            _zip.GetEntry($"{_folder}data/{key}") ?? throw new InvalidDataException($"The storage '{key}' is missing in it.");

        private static string Text(ZipArchiveEntry entry)
        {
            byte[] text = new byte[16];
            using Stream stream = entry.Open();
            return Encoding.ASCII.GetString(text, 0, stream.ReadAtLeast(text, text.Length, throwOnEndOfStream: false));
        }
    }

    /// <summary>The format before PyTorch 1.6: magic number, protocol, system, object, keys of the storages; then each storage after its length.</summary>
    private sealed class LegacyStorages(string path) : IStorages
    {
        private readonly FileStream _file = File.OpenRead(path);
        private readonly Dictionary<string, (long Start, long Bytes)> _storages = new(StringComparer.Ordinal);

        public object? ReadPickles()
        {
            Pickle.Read(_file);
            Pickle.Read(_file);
            if (Pickle.Read(_file) is PickleDictionary system && system["little_endian"] is false)
            {
                throw new InvalidDataException("It was saved on a big-endian machine.");
            }

            // The optimizer of a checkpoint has storages too.
            Dictionary<string, PickledStorage> declared = new(StringComparer.Ordinal);
            object? root = Pickle.Read(_file, storage => declared.TryAdd(storage.Key, storage));
            if (Pickle.Read(_file) is not List<object?> keys)
            {
                throw new InvalidDataException("The list of its storages is missing.");
            }

            byte[] length = new byte[8];
            foreach (string key in keys.OfType<string>())
            {
                _file.ReadExactly(length);
                long count = BinaryPrimitives.ReadInt64LittleEndian(length);
                if (!declared.TryGetValue(key, out PickledStorage? storage))
                {
                    throw new InvalidDataException($"It has a storage '{key}' of an unknown type.");
                }

                if (count < 0 || count > (_file.Length - _file.Position) / storage.Width)
                {
                    throw new InvalidDataException($"It is truncated: the storage '{key}' has {count} elements.");
                }

                _storages[key] = (_file.Position, count * storage.Width);
                _file.Position += count * storage.Width;
            }

            return root;
        }

        public long LengthOf(string key) => Storage(key).Bytes;

        public byte[] Read(string key, int length)
        {
            _file.Position = Storage(key).Start;
            return SafetensorsHeader.ReadExactly(_file, length, $"the storage '{key}'");
        }

        public void Dispose() => _file.Dispose();

        private (long Start, long Bytes) Storage(string key) =>
            _storages.TryGetValue(key, out (long, long) storage) ? storage : throw new InvalidDataException($"The storage '{key}' is missing in it.");
    }
}

/// <summary>A storage that a pickle refers to: a flat array of one type.</summary>
internal sealed record PickledStorage(string Key, ScalarType Type, int Width, long Count)
{
    private static readonly Dictionary<string, ScalarType> Types = new(StringComparer.Ordinal)
    {
        ["FloatStorage"] = ScalarType.Float32,
        ["DoubleStorage"] = ScalarType.Float64,
        ["HalfStorage"] = ScalarType.Float16,
        ["BFloat16Storage"] = ScalarType.BFloat16,
        ["LongStorage"] = ScalarType.Int64,
        ["IntStorage"] = ScalarType.Int32,
        ["ShortStorage"] = ScalarType.Int16,
        ["CharStorage"] = ScalarType.Int8,
        ["ByteStorage"] = ScalarType.Byte,
        ["BoolStorage"] = ScalarType.Bool,
    };

    public static bool IsStorage(string name) => Types.ContainsKey(name);

    /// <summary>From the persistent ID: ("storage", type, key, location, number of elements), in the old format also the view of another one.</summary>
    /// <exception cref="InvalidDataException">The ID is not valid.</exception>
    public static PickledStorage Of(object?[] id) =>
        id is ["storage", PickleGlobal type, string key, string, long count, .. var view]
        && view is [] or [null]
        && Types.TryGetValue(type.Name, out ScalarType element)
        && count >= 0
            ? new PickledStorage(key, element, SafetensorsHeader.Types.Single(entry => entry.Type == element).Bytes, count)
            : throw new InvalidDataException("It has a storage that is not described as in a state_dict.");
}

/// <summary>A tensor of a pickle: a strided view of a storage. Offset and strides count elements.</summary>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Strides)
{
    public static PickledTensor Of(PickledStorage storage, long offset, object?[] shape, object?[] strides) =>
        shape.All(size => size is long) && strides.All(stride => stride is long)
            ? new PickledTensor(storage, offset, [.. shape.Cast<long>()], [.. strides.Cast<long>()])
            : throw new InvalidDataException("It has a tensor whose shape is not made of integers.");

    /// <exception cref="InvalidDataException">The view is not inside of its storage.</exception>
    public void Check(string name, long storageBytes)
    {
        if (!IsInside(storageBytes))
        {
            throw new InvalidDataException(
                $"The tensor '{name}' [{string.Join(',', Shape)}] with strides [{string.Join(',', Strides)}] and offset {Offset} does not fit into its storage "
                    + $"of {Storage.Count} elements ({storageBytes} bytes)."
            );
        }
    }

    private bool IsInside(long storageBytes)
    {
        if (
            Shape.Length != Strides.Length
            || Offset < 0
            || Shape.Any(size => size < 0)
            || Strides.Any(stride => stride < 0)
            || (Int128)Storage.Count * Storage.Width > Math.Min(storageBytes, Array.MaxLength)
        )
        {
            return false;
        }

        if (Shape.Contains(0))
        {
            return true;
        }

        // Each size is at most the number of elements, so that no product overflows.
        Int128 elements = 1,
            last = Offset;
        for (int i = 0; i < Shape.Length; i++)
        {
            elements *= Shape[i];
            last += (Int128)(Shape[i] - 1) * Strides[i];
            if (elements > Storage.Count || last > long.MaxValue)
            {
                return false;
            }
        }

        return last < Storage.Count;
    }
}
