using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>The same seed gives bit-identical weights.</summary>
public sealed class DeterminismTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Full = TinyRun.Recipe with { Augmentations = [new PadCropFlip { Padding = 1 }], Strategies = [new Strategy()] };

    [Fact]
    public void Fit_SameSeedTwice_IsBitIdentical() => Assert.Equal(TinyRun.Bits(TinyRun.Fit(Full)), TinyRun.Bits(TinyRun.Fit(Full)));

    [Fact]
    public async Task Fit_TwoAtOnce_IsBitIdentical()
    {
        string alone = TinyRun.Bits(TinyRun.Fit(Full));

        string[] together = await Task.WhenAll(
            Enumerable
                .Range(0, 2)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        torch.set_num_threads(1);
                        return TinyRun.Bits(TinyRun.Fit(Full));
                    })
                )
        );

        Assert.All(together, bits => Assert.Equal(alone, bits));
    }

    [Fact]
    public void Fit_TorchSeed_HasNoEffect()
    {
        torch.manual_seed(1);
        string first = TinyRun.Bits(TinyRun.Fit(Full));
        torch.manual_seed(2);

        Assert.Equal(first, TinyRun.Bits(TinyRun.Fit(Full)));
    }

    [Fact]
    public void Fit_OtherSeed_GivesOtherWeights() => Assert.NotEqual(TinyRun.Bits(TinyRun.Fit(Full)), TinyRun.Bits(TinyRun.Fit(Full with { Seed = 2 })));

    [Fact]
    public void Fit_ProgressAndReportInterval_HaveNoEffect()
    {
        string silent = TinyRun.Bits(TinyRun.Fit(Full));

        Assert.Equal(silent, TinyRun.Bits(TinyRun.Fit(Full with { ReportEverySteps = 1 }, progress: _ => { })));
    }

    [Fact]
    public void Fit_ValidationSet_DoesNotChangeTheTraining()
    {
        string without = TinyRun.Bits(TinyRun.Fit(Full with { KeepWeights = KeepWeights.Last }));

        Assert.Equal(without, TinyRun.Bits(TinyRun.Fit(Full with { KeepWeights = KeepWeights.Last }, validation: TinyData.Bands(6, seed: 9))));
    }
}
