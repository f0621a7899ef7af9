using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Artifacts;

/// <summary>The header of a safetensors file, checked: tensors lie one behind another from the first byte, each as long as its type and shape say, under names of their own.</summary>
/// <param name="Entries">In the order of their bytes.</param>
/// <param name="DataStart">Where the bytes begin.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, long DataStart)
{
    // The reference implementation's own bound.
    private const long MaxBytes = 100_000_000;

    public static readonly (ScalarType Type, string Name, int Bytes)[] Types =
    [
        (ScalarType.Float32, "F32", 4), (ScalarType.Float64, "F64", 8), (ScalarType.Float16, "F16", 2), (ScalarType.BFloat16, "BF16", 2),
        (ScalarType.Int64, "I64", 8), (ScalarType.Int32, "I32", 4), (ScalarType.Int16, "I16", 2), (ScalarType.Int8, "I8", 1),
        (ScalarType.Byte, "U8", 1), (ScalarType.Bool, "BOOL", 1),
    ];

    /// <summary>Where the file ends.</summary>
    public long End => DataStart + (Entries.Count == 0 ? 0 : Entries[^1].Offset + Entries[^1].Bytes);

    /// <exception cref="InvalidDataException">The stream is no safetensors file; the message says where it goes wrong.</exception>
    public static SafetensorsHeader Read(Stream stream)
    {
        try
        {
            Span<byte> length = stackalloc byte[8];
            stream.ReadExactly(length);
            long bytes = BinaryPrimitives.ReadInt64LittleEndian(length);
            return bytes is >= 2 and <= MaxBytes
                ? new SafetensorsHeader(Parse(ReadExactly(stream, (int)bytes, "the header")), 8 + bytes)
                : throw new FormatException($"its length is said to be {bytes}.");
        }
        catch (Exception e) when (e is JsonException or OverflowException or InvalidOperationException or KeyNotFoundException or FormatException or EndOfStreamException)
        {
            throw new InvalidDataException($"The weights' header is damaged: {e.Message}", e);
        }
    }

    // Grown as the bytes arrive: a header that lies about a length must not cost that much memory.
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
                throw new InvalidDataException($"The weights end within {what}: {read} of {count} bytes are there.");
            }

            read += got;
        }

        return buffer;
    }

    private static List<SafetensorsEntry> Parse(byte[] header)
    {
        using JsonDocument json = JsonDocument.Parse(header, new JsonDocumentOptions { MaxDepth = 8 });
        List<SafetensorsEntry> entries = [];
        HashSet<string> names = new(StringComparer.Ordinal);
        long expected = 0;
        foreach (JsonProperty property in json.RootElement.EnumerateObject().Where(property => property.Name != "__metadata__").OrderBy(property => Offsets(property)[0]))
        {
            if (!names.Add(property.Name))
            {
                throw new FormatException($"'{property.Name}' is there twice.");
            }

            SafetensorsEntry entry = Entry(property, expected);
            entries.Add(entry);
            expected += entry.Bytes;
        }

        return entries;
    }

    private static SafetensorsEntry Entry(JsonProperty property, long expected)
    {
        string dtype = property.Value.GetProperty("dtype").GetString() ?? "";
        (ScalarType type, _, int width) = Types.FirstOrDefault(entry => entry.Name == dtype);
        if (width == 0)
        {
            throw new FormatException($"'{property.Name}' has the unknown type '{dtype}'.");
        }

        long[] shape = Integers(property.Value.GetProperty("shape"));
        long[] offsets = Offsets(property);
        long size = shape.Aggregate((long)width, (product, dimension) => dimension >= 0 ? checked(product * dimension) : throw new FormatException($"'{property.Name}' has a negative dimension."));
        return offsets[0] == expected && checked(offsets[1] - offsets[0]) == size
            ? new SafetensorsEntry(property.Name, type, shape, expected, size)
            : throw new FormatException(string.Create(CultureInfo.InvariantCulture, $"'{property.Name}' lies at {offsets[0]} to {offsets[1]}; {size} bytes from {expected} were expected."));
    }

    private static long[] Offsets(JsonProperty property) => Integers(property.Value.GetProperty("data_offsets")) is { Length: 2 } offsets
        ? offsets
        : throw new FormatException($"'{property.Name}' needs two offsets.");

    private static long[] Integers(JsonElement array) => [.. array.EnumerateArray().Select(element => element.GetInt64())];
}
