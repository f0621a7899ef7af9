using System.IO.Compression;
using System.Text;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks.Weights;

/// <summary>State_dicts saved by torch.save (test/Goldens/make_pytorch.py), and hostile ones.</summary>
public sealed class PyTorchFileTests : IDisposable
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Goldens", "pytorch");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("state.pth")]
    [InlineData("legacy.pth")]
    [InlineData("protocol4.pth")]
    [InlineData("checkpoint.pth")]
    [InlineData("legacy-checkpoint.pth")]
    public void Open_StateDict_HasTheValuesOfPyTorch(string file)
    {
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile expected = SafetensorsFile.Open(Path.Combine(Folder, "values.safetensors"));

        using WeightFile actual = Open(Path.Combine(Folder, file));

        Assert.Equal(15, actual.Entries.Count);
        Assert.Equal(expected.Entries.Select(entry => entry.Name).Order(), actual.Entries.Select(entry => entry.Name).Order());
        foreach (SafetensorsEntry entry in expected.Entries)
        {
            WeightEntry read = actual.Entries.Single(other => other.Name == entry.Name);
            Assert.Equal(entry.Name == "bfloat" ? ScalarType.BFloat16 : entry.Type, read.Type);
            Assert.Equal(entry.Shape, read.Shape);
            (Tensor one, Tensor other) = (zeros(entry.Shape, ScalarType.Float64), zeros(entry.Shape, ScalarType.Float64));
            expected.CopyTo(entry, one);
            actual.CopyTo(read, other);
            Assert.True(one.equal(other).all().item<bool>(), entry.Name);
        }
    }

    [Fact]
    public void Open_WholeModule_NamesItsClass()
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Open(Path.Combine(Folder, "module.pth")));

        Assert.Contains("module.pth' cannot be read. It uses 'torch.nn.modules.linear.Linear', which is not allowed", error.Message, StringComparison.Ordinal);
        Assert.Contains("torch.save(model.state_dict(), path)", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_device_tensor_from_numpy")]
    [InlineData("collections", "OrderedDict.update")]
    public void Open_PickleThatCallsAFunction_NamesItAndRunsNothing(string module, string name)
    {
        string file = Zip(Bytes("\u0080\u0002c", module, "\n", name, "\n", "X\u0004\0\0\0echo\u0085R."));

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Open(file));

        Assert.Contains($"It uses '{module}.{name}', which is not allowed", error.Message, StringComparison.Ordinal);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
    }

    // Instructions that make instances or import in other ways.
    [Theory]
    [InlineData("\u0080\u0002(cos\nsystem\n.", "os.system")]
    [InlineData("\u0080\u0002(ios\nsystem\n.", "0x69")]
    [InlineData("\u0080\u0004\u008c\u0002os\u008c\u0006system\u0093.", "os.system")]
    [InlineData("\u0080\u0002}\u0082\u0001.", "0x82")]
    [InlineData("\u0080\u0002}}\u0081.", "0x81")]
    [InlineData("\u0080\u0009.", "protocol 9")]
    [InlineData("\u0080\u0002.", "a value that it does not have")]
    [InlineData("\u0080\u0002h\u0007.", "value 7")]
    [InlineData("\u0080\u0002t.", "did not start")]
    [InlineData("\u0080\u0002}K\u0001R.", "Int64")]
    [InlineData("\u0080\u0002X\u00ff\u00ff\u00ff\u007f.", "a text of 2147483647 bytes")]
    [InlineData("\u0080\u0002}", "truncated")]
    [InlineData("\u0080\u0002K\u0001.", "It has no state_dict")]
    [InlineData("\u0080\u0002}X\u0005\0\0\0epochK\u0007s.", "its keys are 'epoch'")]
    [InlineData("\u0080\u0002X\u0003\0\0\0abcQ.", "String where")]
    public void Open_HostilePickle_Throws(string pickle, string message)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Open(Zip(Bytes(pickle))));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("K\u0006", "K\u0000", "K\u0002K\u0003\u0086", "K\u0003K\u0001\u0086", null)]
    [InlineData("K\u0006", "K\u0001", "K\u0002K\u0003\u0086", "K\u0003K\u0001\u0086", "does not fit")] // the offset moves the end out
    [InlineData("K\u0006", "K\u0000", "K\u0002K\u0003\u0086", "K\u0004K\u0001\u0086", "does not fit")] // the stride does
    [InlineData("K\u0006", "K\u0000", "K\u0002\u0085", "J\u00ff\u00ff\u00ff\u007f\u0085", "does not fit")]
    [InlineData("K\u0006", "K\u0000", "K\u0002\u0085", "J\u00ff\u00ff\u00ff\u00ff\u0085", "does not fit")] // a negative stride
    [InlineData("K\u0006", "J\u00ff\u00ff\u00ff\u00ff", "K\u0002\u0085", "K\u0001\u0085", "does not fit")] // a negative offset
    [InlineData("K\u0006", "K\u0000", "J\u00ff\u00ff\u00ff\u007fJ\u00ff\u00ff\u00ff\u007f\u0086", "K\u0000K\u0000\u0086", "does not fit")] // one element repeated
    [InlineData(
        "K\u0006",
        "K\u0000",
        "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f\u0085",
        "\u008a\u0008\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u007f\u0085",
        "does not fit"
    )]
    [InlineData("K\u0006", "K\u0000", "K\u0002K\u0003\u0086", "K\u0001\u0085", "does not fit")] // fewer strides than dimensions
    [InlineData("K\u0007", "K\u0000", "K\u0002\u0085", "K\u0001\u0085", "does not fit")] // more elements than bytes
    [InlineData("J\u00ff\u00ff\u00ff\u00ff", "K\u0000", "K\u0002\u0085", "K\u0001\u0085", "not described")]
    [InlineData("K\u0006", "K\u0000", "N\u0085", "K\u0001\u0085", "not made of integers")]
    public void Open_TensorOutsideOfItsStorage_Throws(string count, string offset, string shape, string strides, string? message)
    {
        string file = Zip(Bytes(Tensor(count, offset, shape, strides)), new byte[24]);

        if (message is null)
        {
            using WeightFile valid = Open(file);
            Assert.Equal([2, 3], valid.Entries.Single().Shape);
            return;
        }

        string actual = Assert.Throws<InvalidDataException>(() => Open(file)).Message;
        Assert.True(actual.Contains(message, StringComparison.Ordinal), actual);
    }

    [Fact]
    public void Open_MissingStorage_NamesIt()
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            Open(Zip(Bytes(Tensor("K\u0006", "K\u0000", "K\u0006\u0085", "K\u0001\u0085"))))
        );

        Assert.Contains("The storage '0' is missing in it.", error.Message, StringComparison.Ordinal);
    }

    // A dictionary that contains itself, and a million nested tuples: nothing is recursive.
    [Fact]
    public void Open_RecursiveOrDeepPickle_Throws()
    {
        Assert.Throws<InvalidDataException>(() => Open(Zip(Bytes("\u0080\u0002}q\0X\u000a\0\0\0state_dicth\0s."))));
        Assert.Throws<InvalidDataException>(() => Open(Zip(Bytes("\u0080\u0002}X\u0001\0\0\0a", ")" + new string('\u0085', 1_000_000), "s."))));
    }

    [Theory]
    [InlineData("state.pth")]
    [InlineData("legacy.pth")]
    [InlineData("legacy-checkpoint.pth")]
    public void Open_AnyTruncation_Throws(string golden)
    {
        byte[] all = File.ReadAllBytes(Path.Combine(Folder, golden));
        for (int length = 1; length < all.Length; length += 1 + all.Length / 400)
        {
            string file = _folder.Write("truncated.pth", all[..length]);
            InvalidDataException error = Assert.Throws<InvalidDataException>(() => Open(file));
            Assert.Contains(file, error.Message, StringComparison.Ordinal);
        }
    }

    // Any bytes: an error or tensors inside of their storages, never a crash.
    [Theory]
    [InlineData("legacy.pth", 1)]
    [InlineData("legacy-checkpoint.pth", 2)]
    public void Open_MutatedFile_ThrowsOrReads(string golden, long seed)
    {
        byte[] all = File.ReadAllBytes(Path.Combine(Folder, golden));
        RandomStream random = new(seed, "mutations");
        int read = 0;
        for (int i = 0; i < 2000; i++)
        {
            byte[] mutated = [.. all];
            for (int change = random.NextInt(4); change >= 0; change--)
            {
                mutated[random.NextInt(mutated.Length)] = (byte)random.NextInt(256);
            }

            read += Try(_folder.Write("mutated.pth", mutated)) ? 1 : 0;
        }

        Assert.InRange(read, 1, 1999);
    }

    [Fact]
    public void Open_MutatedPickleInAZip_ThrowsOrReads()
    {
        byte[] pickle = Bytes(Tensor("K\u0006", "K\u0000", "K\u0002K\u0003\u0086", "K\u0003K\u0001\u0086"));
        RandomStream random = new(3, "mutations");
        int read = 0;
        for (int i = 0; i < 1000; i++)
        {
            byte[] mutated = [.. pickle];
            mutated[random.NextInt(mutated.Length)] = (byte)random.NextInt(256);
            read += Try(Zip(mutated, new byte[24])) ? 1 : 0;
        }

        Assert.InRange(read, 1, 999);
    }

    private static bool Try(string path)
    {
        using DisposeScope scope = NewDisposeScope();
        try
        {
            using WeightFile file = Open(path);
            foreach (WeightEntry entry in file.Entries)
            {
                file.CopyTo(entry, zeros(entry.Shape));
            }

            return true;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    private static WeightFile Open(string path) => WeightFiles.Open(path, WeightFormats.Of(path));

    // {"w": _rebuild_tensor_v2(storage "0" of floats, offset, shape, strides, False, OrderedDict())}
    private static string Tensor(string count, string offset, string shape, string strides) =>
        "\u0080\u0002}X\u0001\0\0\0wctorch._utils\n_rebuild_tensor_v2\n((X\u0007\0\0\0storagectorch\nFloatStorage\nX\u0001\0\0\0"
        + "0X\u0003\0\0\0cpu"
        + count
        + "tQ"
        + offset
        + shape
        + strides
        + "\u0089ccollections\nOrderedDict\n)RtRs.";

    // Each character is one byte.
    private static byte[] Bytes(params string[] parts) => Encoding.Latin1.GetBytes(string.Concat(parts));

    private string Zip(byte[] pickle, byte[]? storage = null)
    {
        string path = _folder["archive.pth"];
        File.Delete(path);
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        Add("archive/data.pkl", pickle);
        if (storage is not null)
        {
            Add("archive/data/0", storage);
        }

        return path;

        void Add(string name, byte[] content)
        {
            using Stream stream = zip.CreateEntry(name, CompressionLevel.NoCompression).Open();
            stream.Write(content);
        }
    }
}
