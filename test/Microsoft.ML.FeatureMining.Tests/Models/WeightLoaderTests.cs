using System.Buffers.Binary;
using System.Text;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Tests.Networks;
using Microsoft.ML.FeatureMining.Tests.Networks.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>Initializing a network from a weights file.</summary>
public sealed class WeightLoaderTests : IClassFixture<SingleThreadFixture>, IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Load_SameNetwork_LoadsAll()
    {
        using ImageNetwork source = Filled("cifar-resnet-8", 5);
        Save(NamedTensors.Of(source).Tensors);
        using ImageNetwork target = NetworkFactory.Create("cifar-resnet-8", 3, 5);

        WeightReport report = Load(target, "cifar-resnet-8");

        Assert.Empty(report.Skipped);
        Assert.Empty(report.New);
        Assert.Equal(source.NamedState().Count(), report.Loaded.Count);
        AssertSame(source, target, _ => true);
    }

    [Fact]
    public void Load_OtherNumberOfClasses_DoesNotLoadTheClassifier()
    {
        using ImageNetwork source = Filled("resnet-18-cifar-stem", 5);
        Save(NamedTensors.Of(source).Tensors);
        using ImageNetwork target = NetworkFactory.Create("resnet-18-cifar-stem", 3, 7);
        NamedTensors before = NamedTensors.Of(target);

        WeightReport report = Load(target, "resnet-18-cifar-stem");

        Assert.Equal(["fc.weight", "fc.bias"], report.Skipped);
        Assert.Equal(["fc.weight", "fc.bias"], report.New);
        AssertSame(source, target, name => !name.StartsWith("fc.", StringComparison.Ordinal));
        Assert.All(
            NamedTensors.Of(target).Tensors.Zip(before.Tensors).Where(pair => pair.First.Name.StartsWith("fc.", StringComparison.Ordinal)),
            pair => Assert.Equal(pair.Second.Bytes, pair.First.Bytes)
        );
        Assert.Equal(
            "120 tensors loaded; 2 tensors of the file skipped (fc.weight, fc.bias); 2 tensors of the network not in the file (fc.weight, fc.bias).",
            report.ToString()
        );
    }

    [Fact]
    public void Load_LargeStemIntoSmallIfAllowed_DoesNotLoadTheStem()
    {
        using ImageNetwork source = Filled("resnet-18", 5);
        Save(NamedTensors.Of(source).Tensors);
        using ImageNetwork target = NetworkFactory.Create("resnet-18-cifar-stem", 3, 5);

        WeightReport report = Load(target, "resnet-18-cifar-stem", allowPartial: true);

        Assert.Equal(["conv1.weight"], report.New);
        AssertSame(source, target, name => name != "conv1.weight");
    }

    [Fact]
    public void Load_ColorWeightsIntoGrayNetwork_SeesAGrayImageAsThreeEqualChannels()
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork source = Filled("resnet-18-cifar-stem", 5);
        Save(NamedTensors.Of(source).Tensors);
        using ImageNetwork target = NetworkFactory.Create("resnet-18-cifar-stem", 1, 5);
        source.eval();
        target.eval();
        Tensor gray = randn([2, 1, 16, 16], generator: new Generator(1));

        WeightReport report = Load(target, "resnet-18-cifar-stem");

        Assert.Empty(report.New);
        TensorAssert.Close(source.call(gray.expand(2, 3, 16, 16).contiguous()), target.call(gray), 1e-4, "logits");
    }

    [Theory]
    [InlineData(ScalarType.Float16, 1e-3)]
    [InlineData(ScalarType.BFloat16, 1e-2)]
    [InlineData(ScalarType.Float64, 0)]
    public void Load_OtherPrecision_IsConverted(ScalarType type, double tolerance)
    {
        using DisposeScope scope = NewDisposeScope();
        using ImageNetwork source = Filled("cifar-resnet-8", 5);
        Save(source.NamedState().Select(entry => Stored(entry.Name, entry.Value.is_floating_point() ? entry.Value.to(type) : entry.Value)));
        using ImageNetwork target = NetworkFactory.Create("cifar-resnet-8", 3, 5);

        WeightReport report = Load(target, "cifar-resnet-8");

        Assert.Empty(report.New);
        Assert.All(
            source.NamedState().Zip(target.NamedState()).Where(pair => pair.First.Value.is_floating_point()),
            pair => TensorAssert.Close(pair.First.Value, pair.Second.Value, tolerance, pair.First.Name)
        );
    }

    [Fact]
    public void Load_DataParallelNamesWithoutCounters_LoadsTheRest()
    {
        using ImageNetwork source = Filled("cifar-resnet-8", 5);
        Save(
            NamedTensors
                .Of(source)
                .Tensors.Where(tensor => !tensor.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                .Select(tensor => tensor with { Name = $"module.{tensor.Name}" })
        );
        using ImageNetwork target = NetworkFactory.Create("cifar-resnet-8", 3, 5);

        WeightReport report = Load(target, "cifar-resnet-8");

        Assert.All(report.New, name => Assert.EndsWith("num_batches_tracked", name, StringComparison.Ordinal));
        AssertSame(source, target, _ => true);
    }

    [Fact]
    public void Load_LastBlockMissingInTheNetwork_ThrowsAndListsIt()
    {
        using ImageNetwork source = Filled("resnet-18-2223", 5);
        Save(NamedTensors.Of(source).Tensors);
        using ImageNetwork target = NetworkFactory.Create("resnet-18", 3, 5);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Load(target, "resnet-18"));

        Assert.Contains("fit only a part of the backbone 'resnet-18': ", error.Message, StringComparison.Ordinal);
        Assert.Contains("the network does not have layer4.2.conv1.weight, ", error.Message, StringComparison.Ordinal);
        Assert.Contains("(10 tensors)", error.Message, StringComparison.Ordinal);
        Assert.Contains("AllowPartialWeights", error.Message, StringComparison.Ordinal);
        Assert.Equal(12, Load(target, "resnet-18", allowPartial: true).Skipped.Count);
    }

    [Fact]
    public void Load_LastBlockMissingInTheFile_ThrowsAndListsIt()
    {
        using ImageNetwork source = Filled("resnet-18", 5);
        Save(NamedTensors.Of(source).Tensors);
        using ImageNetwork target = NetworkFactory.Create("resnet-18-2223", 3, 5);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Load(target, "resnet-18-2223"));

        Assert.Contains("the weights do not have layer4.2.conv1.weight, ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_OtherStem_ThrowsAndListsTheShape()
    {
        using ImageNetwork source = Filled("resnet-18", 5);
        Save(NamedTensors.Of(source).Tensors);
        using ImageNetwork target = NetworkFactory.Create("resnet-18-cifar-stem", 3, 5);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Load(target, "resnet-18-cifar-stem"));

        Assert.Contains("another shape or type has conv1.weight.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_UnknownTensorThatIsNoClassifier_Throws()
    {
        using ImageNetwork source = Filled("cifar-resnet-8", 5);
        Save([.. NamedTensors.Of(source).Tensors, new NamedTensor("attention.weight", ScalarType.Float32, [2], new byte[8])]);
        using ImageNetwork target = NetworkFactory.Create("cifar-resnet-8", 3, 5);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Load(target, "cifar-resnet-8"));

        Assert.Contains("the network does not have attention.weight.", error.Message, StringComparison.Ordinal);
    }

    // Blur pooling has no tensors, so that only the name of the network tells the two apart.
    [Fact]
    public void Load_SameTensorsOfAnotherFunction_Throws()
    {
        const string Trained = "sk-resnext-14-8x4d",
            Other = "sk-resnext-14-8x4d-no-blur";
        using ImageNetwork source = Filled(Trained, 5);
        WeightSource named = new("trained", () => new MemoryWeights(NamedTensors.Of(source))) { Backbone = Trained };
        using ImageNetwork target = NetworkFactory.Create(Other, 3, 5);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => WeightLoader.Load(named, target, Other));

        Assert.Contains($"they were trained in the network '{Trained}'", error.Message, StringComparison.Ordinal);
        Assert.Empty(WeightLoader.Load(named, target, Other, allowPartial: true).New);
        Assert.Empty(WeightLoader.Load(named with { Backbone = Other }, target, Other).New);
    }

    [Theory]
    [InlineData("cifar-resnet-14")]
    [InlineData("wrn-10-1")]
    public void Load_AnotherNetwork_ThrowsAndChangesNothing(string key)
    {
        using ImageNetwork source = Filled("cifar-resnet-11-bottleneck", 5);
        Save(NamedTensors.Of(source).Tensors);
        using ImageNetwork target = NetworkFactory.Create(key, 3, 5);
        NamedTensors before = NamedTensors.Of(target);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => Load(target, key, allowPartial: true));

        Assert.Contains("another network", error.Message, StringComparison.Ordinal);
        Assert.All(NamedTensors.Of(target).Tensors.Zip(before.Tensors), pair => Assert.Equal(pair.Second.Bytes, pair.First.Bytes));
    }

    [Fact]
    public void Open_NotSafetensors_Throws()
    {
        Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(_file));
        foreach (byte[] content in new[] { [], new byte[7], new byte[100], Encoding.UTF8.GetBytes("PK not safetensors at all") })
        {
            File.WriteAllBytes(_file, content);
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(_file));
        }

        File.WriteAllBytes(_file, [.. Encoded("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"""), .. new byte[7]]);
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(_file));
        File.WriteAllBytes(_file, [.. Encoded("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"""), .. new byte[9]]);
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(_file));
    }

    [Theory]
    [MemberData(nameof(SafetensorsTests.Hostile), MemberType = typeof(SafetensorsTests))]
    public void Open_HostileHeader_Throws(string header)
    {
        File.WriteAllBytes(_file, [.. Encoded(header), .. new byte[8]]);

        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(_file));
    }

    // A sparse file needs no disk space. Only the tensor after the hole of 5 GB is read.
    [Fact]
    public void CopyTo_TensorAfterFiveGigabytes_ReadsOnlyIt()
    {
        using DisposeScope scope = NewDisposeScope();
        const long Hole = 5_000_000_000;
        byte[] start = Encoded(
            $$$"""{"hole":{"dtype":"F32","shape":[{{{Hole / 4}}}],"data_offsets":[0,{{{Hole}}}]},"behind":{"dtype":"F32","shape":[3],"data_offsets":[{{{Hole}}},{{{Hole + 12}}}]}}"""
        );
        using (FileStream stream = File.Create(_file))
        {
            stream.Write(start);
            stream.Position += Hole;
            stream.Write([.. new[] { 1.5f, -2, 3 }.SelectMany(BitConverter.GetBytes)]);
        }

        long before = Environment.WorkingSet;
        using SafetensorsFile file = SafetensorsFile.Open(_file);
        Tensor target = zeros(3);
        file.CopyTo(file.Entries[1], target);

        Assert.Equal([1.5f, -2, 3], TensorAssert.Values(target));
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, Hole / 2); // other tests may load networks at the same time
    }

    [Fact]
    public void CopyTo_LargerThanAChunk_CopiesEveryRow()
    {
        using DisposeScope scope = NewDisposeScope();
        const int Rows = 70_000;
        float[] values = [.. Enumerable.Range(0, Rows * 300).Select(i => (float)i)];
        Save([new NamedTensor("large", ScalarType.Float32, [Rows, 300], [.. System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(values)])]);
        using SafetensorsFile file = SafetensorsFile.Open(_file);
        Tensor target = zeros(Rows, 300);

        file.CopyTo(file.Entries[0], target);

        Assert.True(target.data<float>().ToArray().AsSpan().SequenceEqual(values));
    }

    private WeightReport Load(ImageNetwork target, string backbone, bool allowPartial = false) =>
        WeightLoader.Load(WeightSource.Find(_file), target, backbone, allowPartial);

    private static ImageNetwork Filled(string key, int classes)
    {
        ImageNetwork network = NetworkFactory.Create(key, 3, classes);
        HashedTensor.Fill(network);
        return network;
    }

    private static void AssertSame(ImageNetwork source, ImageNetwork target, Func<string, bool> where) =>
        Assert.All(
            NamedTensors.Of(source).Tensors.Zip(NamedTensors.Of(target).Tensors).Where(pair => where(pair.First.Name)),
            pair => Assert.Equal(pair.First.Bytes, pair.Second.Bytes)
        );

    private static NamedTensor Stored(string name, Tensor value) => new(name, value.dtype, value.shape, value.detach().contiguous().bytes.ToArray());

    private void Save(IEnumerable<NamedTensor> tensors)
    {
        using FileStream stream = File.Create(_file);
        Safetensors.Write(new NamedTensors([.. tensors]), stream);
    }

    private static byte[] Encoded(string header)
    {
        byte[] text = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        return [.. length, .. text];
    }
}
