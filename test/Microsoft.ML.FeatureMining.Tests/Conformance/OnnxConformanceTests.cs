using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Tests.Models;
using Microsoft.ML.FeatureMining.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Every backbone and every head, exported to ONNX, gives the logits of PyTorch in ONNX Runtime, for batches of 1 and 7 images of odd sizes.</summary>
public sealed class OnnxConformanceTests : IClassFixture<SingleThreadFixture>
{
    private const int Classes = 5;
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Backbones => BackboneConformanceTests.Keys;

    public static TheoryData<string> Heads { get; } = [.. HeadCatalog.Keys, .. HeadSettings.Others];

    [Theory]
    [MemberData(nameof(Backbones))]
    public void Export_Backbone_GivesTheSameLogits(string key)
    {
        int side = BackboneConformanceTests.Sides(key).Side;

        AssertSame(NetworkFactory.Create(key, 3, Classes), side + 1, side + 5);
    }

    [Theory]
    [MemberData(nameof(Heads))]
    public void Export_Head_GivesTheSameLogits(string head) =>
        AssertSame(NetworkFactory.Create("cifar-resnet-8", 3, Classes, HeadSettings.Create(head)), 21, 45);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Export_OneSplitOfSplitAndShare_GivesTheSameLogits(int only) =>
        AssertSame(NetworkFactory.Create("cifar-resnet-8", 3, Classes, new SplitAndShareHead { Splits = 2, Only = only }), 9, 9);

    [Fact]
    public void Export_Exits_GivesTheMeanOfAllLogits() =>
        AssertSame(NetworkFactory.Create("cifar-resnet-8", 3, Classes, exits: [new StageStride(2, 2), new StageStride(2, 2)]), 17, 12);

    // The blur pool repeats a single row or column.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 9)]
    [InlineData(9, 2)]
    public void Export_BlurPoolOnTheSmallestMaps_GivesTheSameLogits(int height, int width) =>
        AssertSame(NetworkFactory.Create("sk-resnext-14-8x4d-cifar-stem", 3, Classes), height, width);

    private static void AssertSame(ImageNetwork made, int height, int width)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using ImageNetwork network = made;
        HashedTensor.Fill(network);
        network.eval();
        using OnnxRun onnx = OnnxRun.OfGraph(
            graph =>
            {
                graph.Begin(network, "");
                return network.Export(graph, new OnnxValue("Image", [-1, 3, height, width]));
            },
            OnnxType.Float,
            "N",
            3,
            height,
            width
        );
        RandomStream random = new(1, "images");
        foreach (int count in new[] { 1, 7 })
        {
            float[] images = [.. Enumerable.Range(0, count * 3 * height * width).Select(_ => (float)random.NextGaussian())];
            float[] expected = TensorAssert.Values(network.call(tensor(images, [count, 3, height, width])));

            float[] actual = onnx.Score(images, count, 3, height, width);

            OnnxAssert.Close(expected, actual, Tolerance);
            OnnxAssert.SameTopClass(expected, actual, Classes);
        }
    }
}

/// <summary>Compares outputs of ONNX Runtime with those of the library.</summary>
internal static class OnnxAssert
{
    /// <summary>Asserts that the largest difference is at most a fraction of the largest expected value.</summary>
    public static void Close(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double difference = expected.Zip(actual, (one, other) => Math.Abs((double)one - other)).Max(),
            largest = expected.Max(MathF.Abs);
        Assert.True(difference <= tolerance * largest, $"The largest difference is {difference:g3}, the largest value {largest:g3}.");
    }

    public static void SameTopClass(float[] expected, float[] actual, int classes) =>
        Assert.Equal(expected.Chunk(classes).Select(Top), actual.Chunk(classes).Select(Top));

    private static int Top(float[] scores) => Array.IndexOf(scores, scores.Max());
}
