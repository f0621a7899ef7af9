using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Tests.Models;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Explanation;

/// <summary>Explains a saved model.</summary>
[Collection(nameof(SerialTests))]
public sealed class NetworkExplainerTests : IClassFixture<SingleThreadFixture>
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Explain_AModel_AgreesWithItsScorer(bool floats, bool multilabel)
    {
        PixelType element = floats ? PixelType.Single : PixelType.Byte;
        SavedModel made = TinySavedModel.Make(element: element);
        SavedModel saved = new(made.Manifest with { IsMultilabel = multilabel }, made.Weights);
        ImageSet images = TinyData.Random(new ImageShape(1, 8, 8), 3, 3);
        byte[][] pixels =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(i =>
                    element == PixelType.Byte ? images[i].ToArray() : images[i].ToArray().SelectMany(value => BitConverter.GetBytes(value / 100f)).ToArray()
                ),
        ];
        float[] expected = new float[9];
        using (ImageScorer scorer = new(saved, CPU))
        {
            scorer.Score(pixels.SelectMany(image => image).ToArray(), 3, expected);
        }

        using NetworkExplainer explainer = new(saved, CPU);
        ImageExplanation[] explained = [.. pixels.Select(image => explainer.Explain(image, target: null))];

        TensorAssert.CloseValues(expected, [.. explained.SelectMany(image => image.Probabilities)], 1e-4, "probabilities");
        Assert.All(explained, image => Assert.Equal(explainer.StageCount, image.StageMaps.Count));
        Assert.All(explained, image => Assert.Same(image.ClassMap, image.MainMap));
        DecodedImage png = ImageCodec.Decode(explained[0].ToPng(explained[0].MainMap, side: 40));
        Assert.Equal((40, 40), (png.Width, png.Height));
    }

    [Fact]
    public void Activations_OfSomeImages_AreTheMeansOfEach()
    {
        using NetworkExplainer explainer = new(TinySavedModel.Make(), CPU);
        ImageSet images = TinyData.Random(new ImageShape(1, 8, 8), 4, 2);

        IReadOnlyList<StageActivations> together = explainer.Activations(Enumerable.Range(0, 4).Select(i => images[i].ToArray()));

        Assert.Equal([0, 1, 2], together.Select(stage => stage.Stage));
        StageActivations[][] each = [.. Enumerable.Range(0, 4).Select(i => explainer.Activations([images[i].ToArray()]).ToArray())];
        Assert.All(
            together,
            stage =>
            {
                Assert.Equal(4, stage.Images);
                Assert.Equal(each.Average(image => image[stage.Stage].Mean), stage.Mean, 6);
                Assert.Equal(each.Average(image => image[stage.Stage].Counts.Sum()), stage.Counts.Sum(), 9);
            }
        );
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void Explain_ClassOutOfRange_IsRejected(int target)
    {
        using NetworkExplainer explainer = new(TinySavedModel.Make(), CPU);

        Assert.Throws<ArgumentOutOfRangeException>(() => explainer.Explain(new byte[64], target));
    }

    [Fact]
    public void Explainer_Disposed_ReleasesAllTensors() =>
        SerialTests.AssertLeavesNoTensors(
            () =>
            {
                using NetworkExplainer explainer = new(TinySavedModel.Make(), CPU);
                explainer.Explain(new byte[64], target: null);
                explainer.Activations([new byte[64]]);
            },
            making: () => new NetworkExplainer(TinySavedModel.Make(), CPU).Dispose()
        );
}
