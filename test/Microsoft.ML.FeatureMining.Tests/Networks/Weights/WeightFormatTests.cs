using System.IO.Compression;
using System.Text;
using Microsoft.ML.FeatureMining.Networks.Weights;

namespace Microsoft.ML.FeatureMining.Tests.Networks.Weights;

/// <summary>What is said of a file that is not weights: its name, and what it is.</summary>
public sealed class WeightFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<byte[], string> NotWeights =>
        new()
        {
            { [], "is empty: it has 0 bytes" },
            { [1, 2, 3], "is truncated: it has 3 bytes" },
            { [8, 3, 0x12, 4, (byte)'C', (byte)'N', (byte)'T', (byte)'K', 0], "is an ONNX model" },
            { [0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0], "is a Python pickle, but not a state_dict" },
            { Encoding.UTF8.GetBytes("weights of mine, one per line\n"), "is a text file" },
            { Encoding.UTF8.GetBytes("<!DOCTYPE html><html></html>"), "is an HTML or XML page: the download failed" },
            { Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:0\n"), "is a Git LFS pointer" },
            { [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], "is a gzip archive" },
            { [0x89, (byte)'H', (byte)'D', (byte)'F', 13, 10, 26, 10, 0], "is an HDF5 file" },
            { [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, 0], "is a PNG image" },
            { [7, 0, 1, 2, 250, 6, 7, 8, 9, 10], "is in an unknown format" },
            { [.. "PK\u0003\u0004"u8, .. new byte[40]], "is a zip archive that is truncated or damaged" },
        };

    [Theory]
    [MemberData(nameof(NotWeights))]
    public void Of_AnotherFile_SaysWhatItIs(byte[] content, string what)
    {
        string file = _folder.Write("weights.bin", content);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => WeightFormats.Of(file));

        Assert.StartsWith($"'{file}' {what}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("readme.txt", "is a zip archive without weights")]
    [InlineData("a/constants.pkl a/data.pkl a/code/model.py", "is a TorchScript program")]
    public void Of_AnotherZip_SaysWhatItIs(string entries, string what)
    {
        string file = Zip(entries);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => WeightFormats.Of(file));

        Assert.StartsWith($"'{file}' {what}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_TorchScriptOfPyTorch_SaysWhatItIs()
    {
        string file = Path.Combine(AppContext.BaseDirectory, "Goldens", "pytorch", "script.pt");

        Assert.Contains("is a TorchScript program", Assert.Throws<InvalidDataException>(() => WeightFormats.Of(file)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("archive/data.pkl", "PyTorchZip")]
    [InlineData("TransformerChain/Transform_001/manifest.json TransformerChain/Transform_001/weights.safetensors Schema", "ModelZip")]
    public void Of_Zip_IsRecognizedByItsEntries(string entries, string format) => Assert.Equal(format, WeightFormats.Of(Zip(entries)).ToString());

    // Row 14: too large, truncated and damaged are different messages, and each names the file.
    [Theory]
    [InlineData(1L << 40, "{}", "length 1099511627776 is out of range")]
    [InlineData(50, "{}", "truncated")]
    [InlineData(2, "{]", "Invalid safetensors header")]
    [InlineData(43, """{"a":{"shape":[1],"data_offsets":[0,4]}}   """, "the tensor 'a' has no dtype")]
    public void Open_DamagedSafetensors_NamesFileAndCause(long length, string header, string message)
    {
        string file = _folder.Write("damaged.safetensors", [.. BitConverter.GetBytes(length), .. Encoding.UTF8.GetBytes(header)]);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => WeightFiles.Open(file, WeightFormats.Of(file)));

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private string Zip(string entries)
    {
        string path = _folder["archive.zip"];
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (string entry in entries.Split(' '))
        {
            zip.CreateEntry(entry).Open().Dispose();
        }

        return path;
    }
}
