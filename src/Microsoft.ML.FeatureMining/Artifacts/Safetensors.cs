using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Artifacts;

/// <summary>
/// The safetensors format: eight bytes with the length of the header, little-endian; the header, a JSON object of name -> { dtype, shape, data_offsets };
/// then the tensors' bytes. Readable by Python's <c>safetensors</c>.
/// </summary>
internal static class Safetensors
{
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
                json.WriteString("dtype", SafetensorsHeader.Types.Single(entry => entry.Type == tensor.Type).Name);
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

    /// <param name="stream">The file.</param>
    /// <param name="check">Sees what the file says that it has, before any memory is taken for it; throws where that cannot be.</param>
    /// <exception cref="InvalidDataException">The stream is no safetensors file; the message says where it goes wrong.</exception>
    public static NamedTensors Read(Stream stream, Action<IReadOnlyList<SafetensorsEntry>>? check = null)
    {
        SafetensorsHeader header = SafetensorsHeader.Read(stream);
        check?.Invoke(header.Entries);
        if (header.Entries.FirstOrDefault(entry => entry.Bytes > Array.MaxLength) is { } large)
        {
            throw new InvalidDataException($"'{large.Name}' has {large.Bytes} bytes, more than an array holds.");
        }

        List<NamedTensor> tensors = [];
        foreach (SafetensorsEntry entry in header.Entries)
        {
            tensors.Add(new NamedTensor(entry.Name, entry.Type, entry.Shape, SafetensorsHeader.ReadExactly(stream, (int)entry.Bytes, entry.Name)));
        }

        return stream.ReadByte() < 0 ? new NamedTensors(tensors) : throw new InvalidDataException("Bytes follow the last tensor of the weights.");
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
