using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Tests.Conformance;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>The number of parameters of the networks.</summary>
public sealed class ParameterCountTests : IClassFixture<SingleThreadFixture>
{
    // The models of torchvision 0.14, counted with PyTorch.
    [Theory]
    [InlineData("resnet-18", 11_689_512)]
    [InlineData("resnet-18-2223", 11_689_512 + 2 * (512 * 512 * 9 + 2 * 512))]
    [InlineData("resnet-34", 21_797_672)]
    [InlineData("resnet-50", 25_557_032)]
    [InlineData("resnet-101", 44_549_160)]
    [InlineData("resnet-152", 60_192_808)]
    [InlineData("resnext-50-32x4d", 25_028_904)]
    [InlineData("resnext-101-32x4d", 44_177_704)]
    [InlineData("resnext-101-32x8d", 88_791_336)]
    [InlineData("vgg-16", 138_357_544)]
    [InlineData("vgg-16-bn", 138_365_992)]
    [InlineData("densenet-121", 7_978_856)]
    [InlineData("efficientnet-b0", 5_288_548)]
    [InlineData("efficientnet-b3", 12_233_232)]
    [InlineData("efficientnet-b5", 30_389_784)]
    [InlineData("efficientnet-b6", 43_040_704)]
    public void Parameters_OfTorchvisionsModels_HaveTheExpectedCount(string key, long expected) => AssertCount(key, null, 1000, expected);

    // Published, in millions: ResNeSt (table 3 of its paper, timm) 27.48, 48.28 and 70.20, timm's resnest14d and 26d 10.61 and 17.07; timm's skresnext50_32x4d
    // 27.48.
    [Theory]
    [InlineData("resnest-14", 10_611_688)]
    [InlineData("resnest-26", 17_069_448)]
    [InlineData("resnest-50", 27_483_240)]
    [InlineData("resnest-101", 48_275_016)]
    [InlineData("resnest-200", 70_201_544)]
    [InlineData("sk-resnext-50-32x4d", 27_479_784)]
    [InlineData("sk-resnext-50-32x4d-no-blur", 27_479_784)]
    public void Parameters_OfTimmsModels_HaveTheExpectedCount(string key, long expected) => AssertCount(key, null, 1000, expected);

    // 100 classes. Published, in millions: WRN-28-10 36.5; DenseNet 7.0 and BC 0.8; PyramidNet 28.3 and 27.0, while ours have 28.5 and 27.2 with 10 classes; we
    // do not know which parameters its authors did not count.
    [Theory]
    [InlineData("wrn-28-10", 36_536_884)]
    [InlineData("densenet-100-12", 7_084_852)]
    [InlineData("densenet-bc-100-12", 800_032)]
    [InlineData("pyramidnet-110-a270", 28_511_307)]
    [InlineData("pyramidnet-164-a270-bottleneck", 27_319_071)]
    [InlineData("cifar-resnet-110-preact", 1_736_372)]
    [InlineData("cifar-resnet-164-bottleneck-preact", 1_726_388)]
    public void Parameters_OfNetworksForSmallImages_HaveTheExpectedCount(string key, long expected) => AssertCount(key, null, 100, expected);

    // There are no published numbers. A dual network has two copies of each branch of the single network, but one stem, one classifier, and the same skips.
    [Theory]
    [InlineData("d-resnext-50-32x4d", "resnext-50-32x4d", 45_222_696)]
    [InlineData("dsk-resnext-50-32x4d", "sk-resnext-50-32x4d", 50_124_456)]
    [InlineData("dsk-resnext-101-32x4d", "sk-resnext-101-32x4d", 92_636_968)]
    public void Parameters_OfDualNetworks_AreThoseOfBranchesTwice(string key, string single, long expected)
    {
        AssertCount(key, null, 1000, expected);

        using ImageNetwork network = NetworkFactory.Create(single, 3, 1000);
        long shared = network
            .named_parameters()
            .Where(entry => entry.name.Contains("downsample", StringComparison.Ordinal) || !entry.name.Contains(".layer", StringComparison.Ordinal))
            .Sum(entry => Count(entry.parameter));
        long whole = network.parameters().Sum(Count);
        Assert.Equal(expected, 2 * whole - shared);
    }

    // Table 4 of the Split-and-Share paper, in millions, truncated to two digits: 25.55, 27.60, 29.65 and 28.63.
    [Theory]
    [InlineData("linear", 25_557_032)]
    [InlineData("linear, dual pool", 25_557_032)]
    [InlineData("parallel", 27_606_032)]
    [InlineData("parallel, 3", 29_655_032)]
    [InlineData("multi-stage", 25_557_032 + (2048 + 1024) * 1000)]
    [InlineData("ssm", 28_638_176)]
    [InlineData("ssm, individual losses", 28_638_176)]
    [InlineData("ssm, all normalized", 28_638_176 + 2 * 2048)]
    public void Parameters_OfResNet50WithAHead_HaveTheExpectedCount(string head, long expected) =>
        AssertCount("resnet-50", HeadSettings.Create(head), 1000, expected);

    // The stem for small images has 3x3 instead of 7x7 kernels.
    [Theory]
    [InlineData("resnet-50-cifar-stem", 25_557_032 - 64 * 3 * 40)]
    [InlineData("densenet-121-cifar-stem", 7_978_856 - 64 * 3 * 40)]
    [InlineData("efficientnet-b0-cifar-stem", 5_288_548)]
    public void Parameters_WithTheStemForSmallImages_DifferByTheKernel(string key, long expected) => AssertCount(key, null, 1000, expected);

    // The second branch: three fully connected layers over 512 channels of 4x4.
    [Fact]
    public void Parameters_OfVggWithPatchBranch_AreThoseOfBothBranches() =>
        AssertCount("vgg-16", new VggPatchHead(), 20, 14_714_688 + Branch(7 * 7) + Branch(4 * 4));

    private static long Branch(long positions) => (512 * positions + 1) * 4096 + 4097 * 4096 + 4097 * 20;

    private static void AssertCount(string key, Head? head, int classes, long expected)
    {
        using ImageNetwork network = NetworkFactory.Create(key, 3, classes, head);

        Assert.Equal(expected, network.parameters().Sum(Count));
    }

    private static long Count(TorchSharp.Modules.Parameter parameter) => parameter.shape.Aggregate(1L, (product, size) => product * size);
}
