using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>The formats of weights files, recognized by content.</summary>
internal enum WeightFormat
{
    /// <summary>A safetensors file.</summary>
    Safetensors,

    /// <summary>PyTorch's format since 1.6: a zip archive with <c>data.pkl</c>.</summary>
    PyTorchZip,

    /// <summary>PyTorch's format before 1.6: pickles, then the values.</summary>
    PyTorchPickle,

    /// <summary>A model saved by <c>mlContext.Model.Save</c>.</summary>
    ModelZip,
}

/// <summary>Recognizes the format of a file by its content, and opens weights files.</summary>
internal static class WeightFormats
{
    private const int HeadBytes = 512;

    // The start of the first pickle of PyTorch's old format: protocol 2, then LONG1 of 10 bytes, the magic number 0x1950a86a20f9469cfc6c.
    private static readonly byte[] PyTorchMagic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, (byte)'.'];

    private static readonly (byte[] Start, string What)[] Others =
    [
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file, as Keras writes it"),
        ([(byte)'G', (byte)'G', (byte)'U', (byte)'F'], "a GGUF file"),
        ([0x1f, 0x8b], "a gzip archive; extract it first"),
        ([0x89, (byte)'P', (byte)'N', (byte)'G'], "a PNG image"),
        ([0xff, 0xd8, 0xff], "a JPEG image"),
        ([0x80], "a Python pickle, but not a state_dict saved by torch.save"),
    ];

    /// <summary>The format of a file.</summary>
    /// <exception cref="InvalidDataException">The file is none of them; the message names the file and says what it is.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    public static WeightFormat Of(string path)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] head = new byte[(int)Math.Min(HeadBytes, stream.Length)];
        stream.ReadExactly(head);
        if (head.Length == 0)
        {
            throw new InvalidDataException($"'{path}' is empty: it has 0 bytes. Download or save it again.");
        }

        if (head.AsSpan().StartsWith(PyTorchMagic))
        {
            return WeightFormat.PyTorchPickle;
        }

        if (IsSafetensors(head))
        {
            return WeightFormat.Safetensors;
        }

        return head.AsSpan().StartsWith("PK\u0003\u0004"u8) ? OfZip(path, stream)
            : head.Length < 8 ? throw new InvalidDataException($"'{path}' is truncated: it has {head.Length} bytes. Download or save it again.")
            : throw NotWeights(path, Describe(head));
    }

    // A JSON object after a plausible length. A wrong length is reported by the reader of the header.
    private static bool IsSafetensors(ReadOnlySpan<byte> head) =>
        head.Length > 8 && head[8] == (byte)'{' && (ulong)BinaryPrimitives.ReadInt64LittleEndian(head) < 1UL << 48;

    private static WeightFormat OfZip(string path, Stream stream)
    {
        string[] names;
        try
        {
            using ZipArchive zip = new(stream, ZipArchiveMode.Read, leaveOpen: true);
            names = [.. zip.Entries.Select(entry => entry.FullName)];
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"'{path}' is a zip archive that is truncated or damaged. Download or save it again.", e);
        }

        bool Has(string file) => names.Any(name => name == file || name.EndsWith("/" + file, StringComparison.Ordinal));
        return Has("constants.pkl") && names.Any(name => name.Contains("/code/", StringComparison.Ordinal))
                ? throw NotWeights(path, "a TorchScript program, not a state_dict")
            : Has("data.pkl") ? WeightFormat.PyTorchZip
            : Has("weights.safetensors") || Has("Model.key") ? WeightFormat.ModelZip
            : throw NotWeights(path, "a zip archive without weights; if a weights file is in it, extract it");
    }

    private static string Describe(ReadOnlySpan<byte> head)
    {
        foreach ((byte[] start, string what) in Others)
        {
            if (head.StartsWith(start))
            {
                return what;
            }
        }

        // The first field of an ONNX model is its version, the next ones are the producer and its version or the graph.
        if (head[0] == 8 && head[1] is > 0 and < 64 && head[2] is 0x12 or 0x1a or 0x22 or 0x28 or 0x32 or 0x3a or 0x42)
        {
            return "an ONNX model";
        }

        return !IsText(head) ? "in an unknown format"
            : Encoding.UTF8.GetString(head).TrimStart() is var text && text.StartsWith("version https://git-lfs", StringComparison.Ordinal)
                ? "a Git LFS pointer: the file itself was not downloaded"
            : text.StartsWith('<') ? "an HTML or XML page: the download failed"
            : "a text file";
    }

    private static bool IsText(ReadOnlySpan<byte> head)
    {
        foreach (byte value in head)
        {
            if (value < 32 && value is not ((byte)'\t' or (byte)'\n' or (byte)'\r'))
            {
                return false;
            }
        }

        return true;
    }

    private static InvalidDataException NotWeights(string path, string what) =>
        new($"'{path}' is {what}. Initial weights are a safetensors file, a state_dict of PyTorch (.pth, .pt), or a model of this library.");
}
