using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Tests.Models;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using Xunit.Abstractions;
using Strategy = Microsoft.ML.FeatureMining.Strategies.FeatureMining;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Counts live native tensors by TorchSharp's counter. Not run in parallel with other tests.</summary>
[Collection(nameof(SerialTests))]
public sealed class LeakTests(ITestOutputHelper output) : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Recipe = TinyRun.Recipe with
    {
        Augmentations = [new PadCropFlip { Padding = 1 }],
        Strategies = [new Strategy { Stages = 3 }],
        Epochs = 30,
    };

    [Fact]
    public void Fit_ThirtyEpochs_KeepsTheNumberOfTensors()
    {
        TinyRun.Fit(Recipe with { Epochs = 1 });
        SerialTests.CollectGarbage();
        List<(long Tensors, long Resident)> epochs = [];

        TinyRun.Fit(
            Recipe,
            validation: TinyData.Bands(8),
            progress: report =>
            {
                if (report.Completed is not null)
                {
                    epochs.Add((SerialTests.LiveTensors, Environment.WorkingSet));
                }
            }
        );

        Report(epochs);
        Assert.Equal(30, epochs.Count);
        Assert.All(epochs, epoch => Assert.Equal(epochs[0].Tensors, epoch.Tensors));
    }

    [Fact]
    public void Fit_ManyTimes_LeaksNothing()
    {
        TinyRun.Fit(Recipe with { Epochs = 2 });

        SerialTests.AssertLeavesNoTensors(
            () => Times(3, () => TinyRun.Fit(Recipe with { Epochs = 2 })),
            making: () => Times(3, () => TinyRun.MakeParts(Recipe))
        );
    }

    [Fact]
    public void Fit_Throws_LeaksNothing()
    {
        TinyRun.Fit(Recipe with { Epochs = 1 });

        SerialTests.AssertLeavesNoTensors(
            () => Assert.Throws<FormatException>(() => TinyRun.Fit(Recipe, progress: _ => throw new FormatException())),
            making: () => TinyRun.MakeParts(Recipe)
        );
    }

    // A sweep may try many networks that a strategy cannot work with.
    [Fact]
    public void Fit_StrategyRefusesTheNetwork_LeaksNothing()
    {
        TrainingRecipe refused = Recipe with { Strategies = [new Refusing()], EmaDecay = 0.9 };
        TinyRun.Fit(Recipe with { Epochs = 1 });

        SerialTests.AssertLeavesNoTensors(
            () => Assert.Throws<ArgumentException>(() => TinyRun.Fit(refused)),
            making: () => TinyRun.MakeParts(Recipe with { Strategies = [] })
        );
    }

    private sealed record Refusing : TrainingStrategy
    {
        public override string Key => "refusing";

        protected internal override StrategyRun Start(StrategyContext context) => throw new ArgumentException("no");
    }

    [Fact]
    public void Score_ManyImages_KeepsTheNumberOfTensors()
    {
        SavedModel saved = TinySavedModel.Make();
        SerialTests.AssertLeavesNoTensors(ScoreMany, making: () => new ImageScorer(saved, torch.CPU).Dispose());

        void ScoreMany()
        {
            using ImageScorer scorer = new(saved, torch.CPU);
            long made = SerialTests.LiveTensors;
            byte[] image = new byte[scorer.Input.Length];
            float[] probabilities = new float[scorer.ClassCount];
            List<(long Tensors, long Resident)> marks = [];
            for (int i = 0; i < 2000; i++)
            {
                scorer.Score(image, 1, probabilities);
                if (i % 400 == 399)
                {
                    marks.Add((SerialTests.LiveTensors, Environment.WorkingSet));
                }
            }

            Report(marks);
            Assert.All(marks, mark => Assert.Equal(made, mark.Tensors));
        }
    }

    private static void Times(int count, Action act)
    {
        for (int i = 0; i < count; i++)
        {
            act();
        }
    }

    private void Report(List<(long Tensors, long Resident)> marks) =>
        output.WriteLine(string.Join(Environment.NewLine, marks.Select((mark, i) => $"{i + 1}: {mark.Tensors} tensors, {mark.Resident >> 20} MB resident")));
}
