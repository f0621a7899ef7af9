using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using static TorchSharp.torch;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>Strategies on feature maps on which they cannot work: rejected, or a warning with the stage and its shape.</summary>
public sealed class SmallMapTests
{
    private readonly List<string> _warnings = [];

    [Theory]
    [InlineData(Segmentation.Block)]
    [InlineData(Segmentation.Points)]
    [InlineData(Segmentation.NonComplementary)]
    public void FeatureMining_OnePosition_AlwaysHasAnEmptyPartAndWarns(Segmentation segmentation)
    {
        Start(new Strategy { Segmentation = segmentation }, new StageShape(8, 14, 14), new StageShape(8, 1, 1));

        string warning = Assert.Single(_warnings);
        Assert.StartsWith("The strategy 'feature-mining': the output of stage 2 of 2 is 1x1; in 100", warning, StringComparison.Ordinal);
        Assert.Contains("of the draws one of its two parts is empty", warning, StringComparison.Ordinal);
    }

    // Points are 1 with probability s, s uniform: all n are equal with probability 2 / (n + 1).
    [Theory]
    [InlineData(1, 1.0)]
    [InlineData(4, 0.4)]
    [InlineData(9, 0.2)]
    [InlineData(49, 0.04)]
    public void DeadFraction_Points_IsTheClosedForm(int positions, double expected) =>
        Assert.Equal(expected, new Strategy { Segmentation = Segmentation.Points }.DeadFraction(new StageShape(1, 1, positions)), 0.06);

    [Theory]
    [InlineData(BoxRule.CutMix, 3, "in 44")]
    [InlineData(BoxRule.CutMix, 4, "in 25")]
    [InlineData(BoxRule.CutMix, 7, null)]
    [InlineData(BoxRule.CutMix, 8, null)]
    [InlineData(BoxRule.Inside, 2, "in 4")]
    [InlineData(BoxRule.Inside, 4, null)]
    [InlineData(BoxRule.Rounded, 4, null)]
    [InlineData(BoxRule.InsideProper, 1, "in 100")]
    [InlineData(BoxRule.InsideProper, 2, null)]
    public void FeatureMining_SmallMap_WarnsFromAQuarterOfEmptyDrawsOfItsRule(BoxRule rule, int side, string? warning)
    {
        Start(new Strategy { Stages = 1, BoxRule = rule }, new StageShape(8, side, side));

        if (warning is null)
        {
            Assert.Empty(_warnings);
        }
        else
        {
            Assert.Contains($"is {side}x{side}; {warning}", Assert.Single(_warnings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void FeatureMining_StagesThatAreNotMined_DoNotMatter()
    {
        Start(new Strategy { Stages = 1 }, new StageShape(8, 1, 1), new StageShape(8, 14, 14));

        Assert.Empty(_warnings);
    }

    [Fact]
    public void DropBlock_MapSmallerThanTheBlock_WarnsWithStageAndShape()
    {
        Start(new DropBlock(), new StageShape(8, 8, 8), new StageShape(8, 4, 6), new StageShape(8, 2, 2));

        Assert.Equal(
            [
                "The strategy 'drop-block': BlockSize is 7, but the output of stage 2 of 3 is 4x6, so that a block has 4x4. "
                    + "Use a smaller BlockSize or larger images.",
            ],
            _warnings
        );
    }

    [Theory]
    [InlineData(FeatureMapHalf.Left, 4, 1)]
    [InlineData(FeatureMapHalf.Upper, 1, 4)]
    public void FixedMask_NothingToMask_IsRefused(FeatureMapHalf kept, int height, int width)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Start(new FixedMask { Kept = kept }, new StageShape(8, height, width)));

        Assert.Equal(
            $"The strategy 'fixed-mask' cannot keep one half of the features: the output of stage 1 of 1 is {height}x{width}. Use larger images.",
            error.Message
        );
    }

    [Fact]
    public void Fit_SmallMaps_WarnsOnceInTheLogOfTheRun()
    {
        Microsoft.ML.FeatureMining.Tests.Training.TinyRun.Fit(
            Microsoft.ML.FeatureMining.Tests.Training.TinyRun.Recipe with
            {
                Input = new Microsoft.ML.FeatureMining.Imaging.ImageShape(1, 4, 4),
                Strategies = [new Strategy { Stages = 1, Segmentation = Segmentation.Points }],
            },
            TinyData.Random(new Microsoft.ML.FeatureMining.Imaging.ImageShape(1, 4, 4), 20, 2),
            warn: _warnings.Add
        );

        Assert.Contains("the output of stage 3 of 3 is 1x1", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    private void Start(TrainingStrategy strategy, params StageShape[] stages) =>
        strategy.Start(new StrategyContext(strategy.Key, stages, 2, CPU, new RandomStream(1, strategy.Key), warn: _warnings.Add));
}
