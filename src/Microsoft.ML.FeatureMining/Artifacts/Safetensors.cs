using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Networks;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Artifacts;

/// <summary>
/// The safetensors format: eight bytes with the length of the header, little-endian; the header, a JSON object of name -> { dtype, shape, data_offsets };
/// then the tensors' bytes. Readable by Python's <c>safetensors</c>.
/// </summary>
internal static class Safetensors
{
    // The reference implementation's own bound.
    private const long MaxHeaderBytes = 100_000_000;

    private static readonly (ScalarType Type, string Name, int Bytes)[] Types =
    [
        (ScalarType.Float32, "F32", 4), (ScalarType.Float64, "F64", 8), (ScalarType.Float16, "F16", 2), (ScalarType.BFloat16, "BF16", 2),
        (ScalarType.Int64, "I64", 8), (ScalarType.Int32, "I32", 4), (ScalarType.Int16, "I16", 2), (ScalarType.Int8, "I8", 1),
        (ScalarType.Byte, "U8", 1), (ScalarType.Bool, "BOOL", 1),
    ];

    public static void Write(NamedTensors weights, Stream stream)
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            long offset = 0;
            json.WriteStartObject();
            foreach (NamedTensor tensor in weights.Tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", Types.Single(entry => entry.Type == tensor.Type).Name);
                WriteArray(json, "shape", tensor.Shape);
                WriteArray(json, "data_offsets", [offset, offset += tensor.Bytes.Length]);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        // Spaces behind the header align the data, which lets readers map it.
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

    /// <exception cref="InvalidDataException">The stream is no safetensors file; the message says where it goes wrong.</exception>
    public static NamedTensors Read(Stream stream)
    {
        List<(string Name, ScalarType Type, long[] Shape, int Bytes)> entries;
        try
        {
            entries = ReadHeader(stream);
        }
        catch (Exception e) when (e is JsonException or OverflowException or InvalidOperationException or KeyNotFoundException or FormatException or EndOfStreamException)
        {
            throw new InvalidDataException($"The weights' header is damaged: {e.Message}", e);
        }

        List<NamedTensor> tensors = [];
        foreach ((string name, ScalarType type, long[] shape, int bytes) in entries)
        {
            tensors.Add(new NamedTensor(name, type, shape, ReadExactly(stream, bytes, name)));
        }

        return stream.ReadByte() < 0 ? new NamedTensors(tensors) : throw new InvalidDataException("Bytes follow the last tensor of the weights.");
    }

    private static List<(string Name, ScalarType Type, long[] Shape, int Bytes)> ReadHeader(Stream stream)
    {
        Span<byte> length = stackalloc byte[8];
        stream.ReadExactly(length);
        long headerBytes = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (headerBytes is < 2 or > MaxHeaderBytes)
        {
            throw new FormatException($"its length is said to be {headerBytes}.");
        }

        byte[] header = ReadExactly(stream, (int)headerBytes, "the header");
        using JsonDocument json = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
        List<(string Name, ScalarType Type, long[] Shape, int Bytes)> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        long expected = 0;
        foreach (JsonProperty property in json.RootElement.EnumerateObject().Where(property => property.Name != "__metadata__").OrderBy(property => Offsets(property)[0]))
        {
            if (!names.Add(property.Name))
            {
                throw new FormatException($"'{property.Name}' is there twice.");
            }

            string dtype = property.Value.GetProperty("dtype").GetString() ?? "";
            (ScalarType type, _, int width) = Types.FirstOrDefault(entry => entry.Name == dtype);
            if (width == 0)
            {
                throw new FormatException($"'{property.Name}' has the unknown type '{dtype}'.");
            }

            long[] shape = Integers(property.Value.GetProperty("shape"));
            long[] offsets = Offsets(property);
            long size = shape.Aggregate((long)width, (product, dimension) => dimension >= 0 ? checked(product * dimension) : throw new FormatException($"'{property.Name}' has a negative dimension."));
            if (offsets[0] != expected || offsets[1] - offsets[0] != size || size > Array.MaxLength)
            {
                throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{property.Name}' lies at {offsets[0]} to {offsets[1]}; {size} bytes from {expected} were expected."));
            }

            expected = offsets[1];
            entries.Add((property.Name, type, shape, (int)size));
        }

        return entries;
    }

    private static long[] Offsets(JsonProperty property) => Integers(property.Value.GetProperty("data_offsets")) is { Length: 2 } offsets
        ? offsets
        : throw new FormatException($"'{property.Name}' needs two offsets.");

    private static long[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(element => element.GetInt64())];

    // Grown as the bytes arrive: a header that lies about a length must not cost that much memory.
    private static byte[] ReadExactly(Stream stream, int count, string what)
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
                throw new InvalidDataException($"The weights end within {what}: {read} of {count} bytes are there.");
            }

            read += got;
        }

        return buffer;
    }

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
