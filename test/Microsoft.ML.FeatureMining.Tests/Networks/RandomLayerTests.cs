using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Networks;

/// <summary>Layers with random numbers: what they drop, how they scale the rest, and which random stream they use.</summary>
public sealed class RandomLayerTests : IClassFixture<SingleThreadFixture>
{
    [Fact]
    public void StochasticDepth_Training_DropsWholeImagesAndScalesTheOthers()
    {
        using DisposeScope scope = NewDisposeScope();
        using StochasticDepth layer = new(0.25);
        layer.train();

        float[] values = TensorAssert.Values(layer.call(ones(4000, 2, 1, 1)));

        Assert.All(values, value => Assert.True(value is 0 or (float)(1 / 0.75)));
        Assert.All(values.Chunk(2), image => Assert.Equal(image[0], image[1]));
        Assert.InRange(values.Count(value => value == 0) / 8000.0, 0.22, 0.28);
    }

    [Fact]
    public void Dropout_Training_DropsValuesAndScalesTheOthers()
    {
        using DisposeScope scope = NewDisposeScope();
        using StreamDropout layer = new(0.25);
        layer.train();

        float[] values = TensorAssert.Values(layer.call(ones(100, 100)));

        Assert.All(values, value => Assert.True(value is 0 or (float)(1 / 0.75)));
        Assert.InRange(values.Count(value => value == 0) / 10000.0, 0.23, 0.27);
    }

    [Fact]
    public void Layers_EvalMode_ReturnTheirInput()
    {
        using DisposeScope scope = NewDisposeScope();
        using StochasticDepth depth = new(0.5);
        using StreamDropout dropout = new(0.5);
        Tensor input = tensor(HashedTensor.Fill("x", [3, 4, 2, 2]), [3, 4, 2, 2]);
        depth.eval();
        dropout.eval();

        TensorAssert.SameBits(input, depth.call(input));
        TensorAssert.SameBits(input, dropout.call(input));
    }

    [Theory]
    [InlineData("efficientnet-b0-cifar-stem")]
    [InlineData("wrn-10-1-dropout-0.3")]
    [InlineData("dsk-resnext-50-32x4d-cifar-stem")]
    public void Network_SameStream_IsBitIdenticalForAnyGlobalGenerator(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = NetworkFactory.Create(key, 3, 5);
        network.train();
        Tensor images = tensor(HashedTensor.Fill("images", [4, 3, 16, 16]), [4, 3, 16, 16]).mul_(16);

        float[] first = Run(1);
        manual_seed(99);
        float[] second = Run(1);

        Assert.Equal(first, second);
        Assert.NotEqual(first, Run(2));

        float[] Run(long seed)
        {
            RandomLayer.SetStream(network, new RandomStream(seed, "network"));
            return TensorAssert.Values(network.call(images));
        }
    }

    [Theory]
    [InlineData(6, 6)]
    [InlineData(7, 5)]
    [InlineData(2, 2)]
    public void BlurPool_Map_IsTheBinomialFilterOverAReflectedBorder(int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        using BlurPool blur = new();
        float[] values = HashedTensor.Fill("map", [1, 1, height, width]);

        float[] actual = TensorAssert.Values(blur.call(tensor(values, [1, 1, height, width])));

        int[] filter = [1, 2, 1];
        List<float> expected = [];
        for (int y = 0; y < height; y += 2)
        {
            for (int x = 0; x < width; x += 2)
            {
                double sum = 0;
                for (int dy = -1; dy <= 1; dy++)
                {
                    for (int dx = -1; dx <= 1; dx++)
                    {
                        sum += filter[dy + 1] * filter[dx + 1] * values[Reflect(y + dy, height) * width + Reflect(x + dx, width)] / 16.0;
                    }
                }

                expected.Add((float)sum);
            }
        }

        TensorAssert.CloseValues(expected, actual, 1e-6, "blur");

        static int Reflect(int at, int size) =>
            at < 0 ? -at
            : at >= size ? 2 * size - 2 - at
            : at;
    }
}
