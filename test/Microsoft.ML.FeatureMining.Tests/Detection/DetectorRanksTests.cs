using Microsoft.ML.FeatureMining.Detection.Data;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Tests.Distributed;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>A detector that several ranks train, which are threads here, is that of one process, bit for bit.</summary>
[Collection(nameof(SerialTests))]
public sealed class DetectorRanksTests(Rectangles images) : IClassFixture<SingleThreadFixture>, IClassFixture<Rectangles>
{
    [Fact]
    public void Read_ImagesInTheFileOfAnotherRank_HaveTheirObjects()
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(images.Rows.Take(8));
        RetinaNetOptions options = TinyDetector.Options with { Storage = ImageStorage.Disk, ValidationSet = rows };
        IHost host = Internals.EnvironmentOf(ml.MulticlassClassification.Trainers).Register("Test");
        using IChannel channel = host.Start("Test");

        float[][][] objects = ThreadCommunicator.Run(
            3,
            ranks =>
            {
                using JobFolder folder = JobFolder.Create(ranks, first: 0);
                FitRun run = new(host, channel, options, CPU, ranks, folder);
                using TrainingRows read = run.Read(run.Bind(rows), 1);
                folder.DeleteOpened();
                return new[] { read.Train, read.Validation! }.SelectMany(set => set.Labels.Select(label => set.LabelSets![label])).ToArray();
            }
        );

        Assert.Equal(16, objects[0].Length);
        Assert.Contains(objects[0], boxes => boxes.Length > 0);
        Assert.All(objects, other => Assert.Equal(objects[0], other));
    }

    // As on computers whose last bits differ: other pixels on one rank.
    [Fact]
    public void Fit_RanksThatFindOtherObjects_AgreeOnTheMetrics()
    {
        MLContext ml = new(1);
        RectangleRow[] rows = [.. images.Rows.Take(8)];
        RectangleRow[] others = [.. rows.Select((row, i) => row with { ImagePath = rows[(i + 1) % rows.Length].ImagePath })];
        IHost host = Internals.EnvironmentOf(ml.MulticlassClassification.Trainers).Register("Test");
        using IChannel channel = host.Start("Test");
        using TrainingRows first = Read(rows),
            second = Read(others);
        TrainingRecipe recipe = TinyDetector.Options.ToRecipe(first.Train.Shape, 1);

        string[] figures = ThreadCommunicator.Run(
            2,
            ranks =>
            {
                TrainingHost environment = new(CPU) { Ranks = ranks };
                ImageSet validation = (ranks.Rank == 0 ? first : second).Validation!;
                TrainingOutcome outcome = TrainingEngine.Run(
                    recipe,
                    [],
                    environment,
                    random => new DetectionTask(recipe, first.Train, validation, random, environment)
                );
                return string.Join('\n', TinyRun.Figures(outcome));
            }
        );

        Assert.Equal(figures[0], figures[1]);

        TrainingRows Read(RectangleRow[] validation)
        {
            IDataView view = ml.Data.LoadFromEnumerable(rows);
            RetinaNetOptions options = TinyDetector.Options with { ValidationSet = ml.Data.LoadFromEnumerable(validation) };
            FitRun run = new(host, channel, options, CPU, new SingleProcess());
            return run.Read(run.Bind(view), 1);
        }
    }

    [Fact]
    public void Fit_OnSeveralRanks_GivesTheWeightsOfOneProcess()
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(images.Rows.Take(8));
        RetinaNetOptions options = TinyDetector.Options with { BatchSize = 2, GradientAccumulationSteps = 3, ValidationSet = rows, EmaDecay = 0.9 };
        IHost host = Internals.EnvironmentOf(ml.MulticlassClassification.Trainers).Register("Test");
        using IChannel channel = host.Start("Test");
        FitRun run = new(host, channel, options, CPU, new SingleProcess());
        LabeledRows labeled = run.Bind(rows);
        using TrainingRows read = run.Read(labeled, 1);
        TrainingRecipe recipe = options.ToRecipe(labeled.Image.Shape, 1);

        TrainingOutcome Fit(ICommunicator ranks)
        {
            TrainingHost environment = new(CPU) { Ranks = ranks };
            return TrainingEngine.Run(recipe, [], environment, random => new DetectionTask(recipe, read.Train, read.Validation, random, environment));
        }

        TrainingOutcome alone = Fit(new SingleProcess());

        Assert.All(
            ThreadCommunicator.Run(2, Fit),
            outcome =>
            {
                Assert.Equal(TinyRun.Bits(alone), TinyRun.Bits(outcome));
                Assert.Equal(TinyRun.Figures(alone), TinyRun.Figures(outcome));
            }
        );
    }
}
