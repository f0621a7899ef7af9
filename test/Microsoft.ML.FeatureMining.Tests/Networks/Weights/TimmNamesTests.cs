using System.Globalization;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks.Weights;

/// <summary>Weights under timm's names, compared with timm's own logits (test/Goldens/make_timm.py), and under torchvision's.</summary>
public sealed class TimmNamesTests : IClassFixture<SingleThreadFixture>
{
    private const int Classes = 10;

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Goldens", "timm");

    public static TheoryData<string, string> Models =>
        new()
        {
            { "resnet18", "resnet-18" },
            { "resnext50_32x4d", "resnext-50-32x4d" },
            { "vgg11", "vgg-11" },
            { "vgg16_bn", "vgg-16-bn" },
            { "densenet121", "densenet-121" },
            { "efficientnet_b0", "efficientnet-b0" },
            { "efficientnet_b3", "efficientnet-b3" },
            { "resnest14d", "resnest-14" },
            { "skresnext50_32x4d", "sk-resnext-50-32x4d-no-blur" },
        };

    [Theory]
    [MemberData(nameof(Models))]
    public void Load_TimmsNames_GivesTimmsLogits(string model, string backbone)
    {
        using DisposeScope scope = NewDisposeScope();
        string[] lines = File.ReadAllLines(Path.Combine(Folder, $"{model}.txt"));
        double[] expected = [.. lines[0].Split(' ').Select(value => double.Parse(value, CultureInfo.InvariantCulture))];
        using ImageNetwork network = NetworkFactory.Create(backbone, 3, Classes);

        WeightReport report = Load(network, backbone, [.. lines.Skip(1).Select(Stored)]);

        Assert.Empty(report.Skipped);
        Assert.All(report.New, name => Assert.EndsWith("num_batches_tracked", name, StringComparison.Ordinal));
        float[] actual = Logits(network).data<float>().ToArray();
        double scale = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.InRange(Math.Abs(pair.First - pair.Second) / scale, 0, 1e-4));

        // The same tensors under torchvision's names, which are those of the library.
        using ImageNetwork other = NetworkFactory.Create(backbone, 3, Classes);
        Load(other, backbone, NamedTensors.Of(network).Tensors);
        Assert.Equal(actual, Logits(other).data<float>().ToArray());
    }

    [Theory]
    [InlineData("features.denseblock1.denselayer2.norm.1.running_mean", "features.denseblock1.denselayer2.norm1.running_mean")]
    [InlineData("features.denseblock4.denselayer16.conv.2.weight", "features.denseblock4.denselayer16.conv2.weight")]
    [InlineData("features.transition1.norm.weight", "features.transition1.norm.weight")]
    [InlineData("features.denseblock1.denselayer2.norm1.weight", "features.denseblock1.denselayer2.norm1.weight")]
    public void MapWeightName_OlderDenseNetOfTorchvision_IsTheCurrentName(string name, string expected)
    {
        using Backbone backbone = BackboneCatalog.Create("densenet-121", 3);

        Assert.Equal(expected, backbone.MapWeightName(name));
    }

    // A file under the library's own names must not be changed.
    [Theory]
    [MemberData(nameof(Models))]
    public void MapWeightName_OwnNames_AreUnchanged(string model, string backbone)
    {
        using ImageNetwork network = NetworkFactory.Create(backbone, 3, Classes);

        Assert.NotEmpty(model);
        Assert.All(network.NamedState(), entry => Assert.Equal(entry.Name, network.Backbone.MapWeightName(entry.Name)));
    }

    private static WeightReport Load(ImageNetwork network, string backbone, IReadOnlyList<NamedTensor> tensors) =>
        WeightLoader.Load(new WeightSource("tensors", () => new MemoryWeights(new NamedTensors(tensors))), network, backbone);

    private static Tensor Logits(ImageNetwork network)
    {
        using IDisposable noGrad = no_grad();
        network.eval();
        return network.call(tensor(HashedTensor.Fill("images", [1, 3, 64, 64]), [1, 3, 64, 64]).mul_(64));
    }

    private static NamedTensor Stored(string line)
    {
        string[] words = line.Split(' ');
        long[] shape = [.. words.Skip(1).Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        byte[] bytes = [.. System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(HashedTensor.Fill(words[0], shape))];
        return new NamedTensor(words[0], ScalarType.Float32, shape, bytes);
    }
}
