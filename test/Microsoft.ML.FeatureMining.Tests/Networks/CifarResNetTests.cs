using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

public sealed class CifarResNetTests : IClassFixture<SingleThreadFixture>
{
    // Basic blocks with 20 to 110 layers and the projections of option B. Known from the PyTorch implementations of these networks, e.g. 0.27 M and 1.73 M with
    // 10 classes.
    [Theory]
    [InlineData("cifar-resnet-20", 272_474)]
    [InlineData("cifar-resnet-32", 466_906)]
    [InlineData("cifar-resnet-44", 661_338)]
    [InlineData("cifar-resnet-56", 855_770)]
    [InlineData("cifar-resnet-110", 1_730_714)]
    public void Parameters_BasicBlocks_HaveTheExpectedCount(string key, long expected)
    {
        using ImageNetwork network = NetworkFactory.Create(key, 3, classes: 10);

        Assert.Equal(expected, Parameters(network));
    }

    [Theory]
    [InlineData(20, false)]
    [InlineData(56, false)]
    [InlineData(164, false)]
    [InlineData(29, true)]
    [InlineData(56, true)]
    [InlineData(110, true)]
    [InlineData(164, true)]
    public void Parameters_AnyDepth_FollowTheClosedForm(int depth, bool bottleneck)
    {
        const int Channels = 3;
        const int Classes = 100;
        using ImageNetwork network = NetworkFactory.Create($"cifar-resnet-{depth}{(bottleneck ? "-bottleneck" : "")}", Channels, Classes);

        long n = (depth - 2) / (bottleneck ? 9 : 6);
        long expected = ConvNorm(Channels, 16, 3);
        long input = 16;
        foreach (long width in new long[] { 16, 32, 64 })
        {
            long output = bottleneck ? 4 * width : width;
            expected += input == output ? 0 : ConvNorm(input, output, 1);
            expected += bottleneck
                ? ConvNorm(input, width, 1) + n * (ConvNorm(width, width, 3) + ConvNorm(width, output, 1)) + (n - 1) * ConvNorm(output, width, 1)
                : ConvNorm(input, width, 3) + (2 * n - 1) * ConvNorm(width, width, 3);
            input = output;
        }

        Assert.Equal(expected + (input + 1) * Classes, Parameters(network));

        static long ConvNorm(long from, long to, long kernel) => from * to * kernel * kernel + 2 * to;
    }

    [Fact]
    public void State_Names_AreTorchvisions()
    {
        using ImageNetwork network = NetworkFactory.Create("cifar-resnet-8", 3, classes: 10);

        string[] names = [.. network.NamedState().Select(entry => entry.Name)];

        Assert.Contains("conv1.weight", names);
        Assert.Contains("bn1.running_var", names);
        Assert.Contains("layer1.0.conv2.weight", names);
        Assert.Contains("layer2.0.downsample.0.weight", names);
        Assert.Contains("layer3.0.downsample.1.num_batches_tracked", names);
        Assert.Contains("fc.bias", names);
        Assert.DoesNotContain(names, name => name.StartsWith("layer1.0.downsample", StringComparison.Ordinal));
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Theory]
    [InlineData("cifar-resnet-2")]
    [InlineData("cifar-resnet-21")]
    [InlineData("cifar-resnet-21-bottleneck")]
    [InlineData("cifar-resnet-56-bottleneckx")]
    [InlineData("cifar-resnet-21-preact")]
    [InlineData("resnet-51")]
    [InlineData("resnext-50-0x4d")]
    [InlineData("wrn-27-10")]
    [InlineData("pyramidnet-111-a270")]
    [InlineData("densenet-101-12")]
    [InlineData("efficientnet-b8")]
    [InlineData("resnet-50-stem")]
    [InlineData("")]
    public void Problem_UnknownBackbone_IsReported(string key) => Assert.NotNull(BackboneCatalog.Problem(key, 3));

    private static long Parameters(ImageNetwork network) =>
        network.parameters().Sum(parameter => parameter.shape.Aggregate(1L, (product, size) => product * size));
}
