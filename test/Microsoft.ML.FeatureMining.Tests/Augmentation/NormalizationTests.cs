using Microsoft.ML.FeatureMining.Augmentation.Engine;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Augmentation;

public sealed class NormalizationTests : IClassFixture<SingleThreadFixture>
{
    [Fact]
    public void Apply_Bytes_SubtractsTheMeanAndDividesByTheStd()
    {
        using DisposeScope scope = NewDisposeScope();
        float[] mean = [10, 100];
        float[] deviation = [2, 50];
        byte[] pixels = [0, 10, 20, 255, 0, 100, 150, 255];
        using Normalization normalization = new(mean, deviation, CPU);

        float[] result = TensorAssert.Values(normalization.Apply(tensor(pixels, [1, 2, 2, 2])));

        Assert.Equal([-5, 0, 5, 122.5f, -2, 0, 1, 3.1f], result);
    }

    [Fact]
    public void Apply_StdOfZero_OnlySubtractsTheMean()
    {
        using DisposeScope scope = NewDisposeScope();
        using Normalization normalization = new([7f], [0f], CPU);

        Assert.Equal([0, 1], TensorAssert.Values(normalization.Apply(tensor(new byte[] { 7, 8 }, [1, 1, 1, 2]))));
    }

    [Fact]
    public void Apply_Floats_DoesNotChangeItsInput()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor images = tensor(new[] { 1f, 2f }, [1, 1, 1, 2]);
        using Normalization normalization = new([1f], [2f], CPU);

        normalization.Apply(images);

        Assert.Equal([1f, 2f], TensorAssert.Values(images));
    }
}
