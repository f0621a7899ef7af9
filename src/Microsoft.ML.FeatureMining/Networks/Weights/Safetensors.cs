using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>
/// The safetensors format: the length of the header (8 bytes, little-endian); the header, a JSON object of name -> { dtype, shape, data_offsets };
/// the bytes of the tensors. Compatible with Python's <c>safetensors</c>.
/// </summary>
internal static class Safetensors
{
    /// <summary>The property of the header that is no tensor.</summary>
    public const string Metadata = "__metadata__";

    private const string Id = "id";

    /// <param name="weights">The tensors.</param>
    /// <param name="stream">The file.</param>
    /// <param name="id">Goes into the metadata; null for none.</param>
    public static void Write(NamedTensors weights, Stream stream, string? id = null)
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            long offset = 0;
            json.WriteStartObject();
            if (id is not null)
            {
                json.WriteStartObject(Metadata);
                json.WriteString(Id, id);
                json.WriteEndObject();
            }

            foreach (NamedTensor tensor in weights.Tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", SafetensorsHeader.Types.Single(entry => entry.Type == tensor.Type).Name);
                WriteArray(json, "shape", tensor.Shape);
                WriteArray(json, "data_offsets", [offset, offset += tensor.Bytes.Length]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces after the header align the data, so that readers can memory-map it.
        while (header.Length % 8 != 0)
        {
            header.WriteByte((byte)' ');
        }

        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
        foreach (NamedTensor tensor in weights.Tensors)
        {
            stream.Write(tensor.Bytes);
        }
    }

    /// <param name="stream">The file.</param>
    /// <param name="check">Called with the header before memory is allocated; throws to reject it.</param>
    /// <exception cref="InvalidDataException">The stream is not a valid safetensors file; the message has the cause.</exception>
    public static NamedTensors Read(Stream stream, Action<SafetensorsHeader>? check = null)
    {
        SafetensorsHeader header = SafetensorsHeader.Read(stream);
        check?.Invoke(header);
        if (header.Entries.FirstOrDefault(entry => entry.Bytes > Array.MaxLength) is { } large)
        {
            throw new InvalidDataException($"The tensor '{large.Name}' has {large.Bytes} bytes; the maximum is {Array.MaxLength}.");
        }

        List<NamedTensor> tensors = [];
        foreach (SafetensorsEntry entry in header.Entries)
        {
            tensors.Add(new NamedTensor(entry.Name, entry.Type, entry.Shape, SafetensorsHeader.ReadExactly(stream, (int)entry.Bytes, entry.Name)));
        }

        return stream.ReadByte() < 0
            ? new NamedTensors(tensors)
            : throw new InvalidDataException("Invalid safetensors file: there are extra bytes after the last tensor.");
    }

    /// <summary>The id in the metadata of a header; null if it has none.</summary>
    public static string? IdOf(JsonElement header) =>
        header.TryGetProperty(Metadata, out JsonElement metadata)
        && metadata.ValueKind == JsonValueKind.Object
        && metadata.TryGetProperty(Id, out JsonElement id)
        && id.ValueKind == JsonValueKind.String
            ? id.GetString()
            : null;

    private static void WriteArray(Utf8JsonWriter json, string name, ReadOnlySpan<long> values)
    {
        json.WriteStartArray(name);
        foreach (long value in values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }
}

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its elements.</param>
/// <param name="Shape">Its shape; empty for a scalar.</param>
/// <param name="Offset">The offset of its first byte from the end of the header.</param>
/// <param name="Bytes">Its size in bytes.</param>
internal sealed record SafetensorsEntry(string Name, ScalarType Type, long[] Shape, long Offset, long Bytes) : WeightEntry(Name, Type, Shape);

/// <summary>
/// A safetensors file of any size. Only tensors that are copied are read from disk. It is not memory-mapped: if the file is truncated meanwhile, that is an
/// exception and not the end of the process.
/// </summary>
internal sealed class SafetensorsFile : WeightFile
{
    // Copied in chunks, because a tensor may be larger than a span.
    private const long ChunkBytes = 1 << 26;

    private readonly FileStream _file;

    private SafetensorsFile(FileStream stream, SafetensorsHeader header)
    {
        (Header, _file) = (header, stream);
    }

    public SafetensorsHeader Header { get; }

    public override IReadOnlyList<SafetensorsEntry> Entries => Header.Entries;

    /// <exception cref="InvalidDataException">The file is not a valid safetensors file; the message has the cause.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            SafetensorsHeader header = SafetensorsHeader.Read(stream);
            return stream.Length == header.End ? new SafetensorsFile(stream, header)
                : stream.Length < header.End ? throw new InvalidDataException($"The file is truncated: it has {stream.Length} of {header.End} bytes.")
                : throw new InvalidDataException($"The file is damaged: it has {stream.Length} bytes, but its header describes {header.End}.");
        }
        catch (InvalidDataException e)
        {
            stream.Dispose();
            throw new InvalidDataException($"The safetensors file '{path}' cannot be read. {e.Message}", e);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    public override void CopyTo(WeightEntry tensor, Tensor target)
    {
        SafetensorsEntry entry = (SafetensorsEntry)tensor;
        if (entry.Bytes == 0)
        {
            return;
        }

        bool scalar = entry.Shape.Length == 0;
        long rows = scalar ? 1 : entry.Shape[0];
        long rowBytes = entry.Bytes / rows;
        long step = Math.Max(1, ChunkBytes / rowBytes);
        for (long start = 0; start < rows; start += step)
        {
            using DisposeScope scope = NewDisposeScope();
            long count = Math.Min(step, rows - start);
            Tensor host = empty(scalar ? [] : [count, .. entry.Shape[1..]], entry.Type, CPU);
            Read(host.bytes, Header.DataStart + entry.Offset + start * rowBytes, entry.Name);
            (scalar ? target : target.narrow(0, start, count)).copy_(host);
        }
    }

    public override void Dispose() => _file.Dispose();

    private void Read(Span<byte> bytes, long position, string name)
    {
        _file.Position = position;
        if (_file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw new InvalidDataException($"The file '{_file.Name}' was truncated while the tensor '{name}' was read.");
        }
    }
}

/// <summary>The validated header of a safetensors file: tensors are contiguous, their sizes match dtype and shape, and names are unique.</summary>
/// <param name="Entries">In the order of their bytes.</param>
/// <param name="Id">The id in the metadata; null if there is none.</param>
/// <param name="DataStart">The position of the first tensor in the file.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, string? Id, long DataStart)
{
    // The limit of the reference implementation.
    private const long MaxBytes = 100_000_000;

    public static readonly (ScalarType Type, string Name, int Bytes)[] Types =
    [
        (ScalarType.Float32, "F32", 4),
        (ScalarType.Float64, "F64", 8),
        (ScalarType.Float16, "F16", 2),
        (ScalarType.BFloat16, "BF16", 2),
        (ScalarType.Int64, "I64", 8),
        (ScalarType.Int32, "I32", 4),
        (ScalarType.Int16, "I16", 2),
        (ScalarType.Int8, "I8", 1),
        (ScalarType.Byte, "U8", 1),
        (ScalarType.Bool, "BOOL", 1),
    ];

    /// <summary>The expected length of the file.</summary>
    public long End => DataStart + (Entries.Count == 0 ? 0 : Entries[^1].Offset + Entries[^1].Bytes);

    /// <exception cref="InvalidDataException">The header is not valid; the message has the cause.</exception>
    public static SafetensorsHeader Read(Stream stream)
    {
        try
        {
            Span<byte> length = stackalloc byte[8];
            stream.ReadExactly(length);
            long bytes = BinaryPrimitives.ReadInt64LittleEndian(length);
            return bytes is >= 2 and <= MaxBytes
                ? Parse(ReadExactly(stream, (int)bytes, "the header"))
                : throw new FormatException($"its length {bytes} is out of range.");
        }
        catch (Exception e) when (e is JsonException or OverflowException or InvalidOperationException or FormatException or EndOfStreamException)
        {
            throw new InvalidDataException($"Invalid safetensors header: {e.Message}", e);
        }
    }

    // The buffer grows as bytes arrive, so that a wrong length in a corrupt header does not allocate that much memory.
    public static byte[] ReadExactly(Stream stream, int count, string what)
    {
        const int Step = 1 << 24;
        byte[] buffer = new byte[Math.Min(count, Step)];
        int read = 0;
        while (read < count)
        {
            if (read == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(count, 2L * buffer.Length));
            }

            int got = stream.Read(buffer, read, buffer.Length - read);
            if (got == 0)
            {
                throw new InvalidDataException($"The file is truncated in {what}: {read} of {count} bytes.");
            }

            read += got;
        }

        return buffer;
    }

    private static SafetensorsHeader Parse(byte[] header)
    {
        using JsonDocument json = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
        List<SafetensorsEntry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        long expected = 0;
        foreach (
            JsonProperty property in json
                .RootElement.EnumerateObject()
                .Where(property => property.Name != Safetensors.Metadata)
                .OrderBy(property => Offsets(property)[0])
        )
        {
            if (!names.Add(property.Name))
            {
                throw new FormatException($"the tensor '{property.Name}' appears twice.");
            }

            SafetensorsEntry entry = Entry(property, expected);
            entries.Add(entry);
            expected += entry.Bytes;
        }

        return new SafetensorsHeader(entries, Safetensors.IdOf(json.RootElement), 8 + header.Length);
    }

    private static SafetensorsEntry Entry(JsonProperty property, long expected)
    {
        string dtype = Field(property, "dtype").GetString() ?? "";
        (ScalarType type, _, int width) = Types.FirstOrDefault(entry => entry.Name == dtype);
        if (width == 0)
        {
            throw new FormatException($"the tensor '{property.Name}' has the unknown dtype '{dtype}'.");
        }

        long[] shape = Integers(Field(property, "shape"));
        long[] offsets = Offsets(property);
        long size = shape.Aggregate(
            (long)width,
            (product, dimension) =>
                dimension >= 0 ? checked(product * dimension) : throw new FormatException($"the tensor '{property.Name}' has a negative dimension.")
        );
        return offsets[0] == expected && checked(offsets[1] - offsets[0]) == size
            ? new SafetensorsEntry(property.Name, type, shape, expected, size)
            : throw new FormatException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"the tensor '{property.Name}' has the data_offsets {offsets[0]} to {offsets[1]}; expected {size} bytes from {expected}."
                )
            );
    }

    private static JsonElement Field(JsonProperty tensor, string name) =>
        tensor.Value.TryGetProperty(name, out JsonElement value) ? value : throw new FormatException($"the tensor '{tensor.Name}' has no {name}.");

    private static long[] Offsets(JsonProperty property) =>
        Integers(Field(property, "data_offsets")) is { Length: 2 } offsets
            ? offsets
            : throw new FormatException($"the tensor '{property.Name}' needs two data_offsets.");

    private static long[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(element => element.GetInt64())];
}
