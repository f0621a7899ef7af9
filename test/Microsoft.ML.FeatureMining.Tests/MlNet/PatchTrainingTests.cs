using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Multi-label training: the three label types, the two phases of patch training, and parts that do not support multi-label.</summary>
public sealed class PatchTrainingTests(ColoredImages images) : IClassFixture<ColoredImages>
{
    private static readonly PatchTrainingOptions Short = new()
    {
        Backbone = "cifar-resnet-8",
        ImageHeight = 12,
        ImageWidth = 12,
        Epochs = 1,
        SwitchEpoch = 0,
        Head = new VggPatchHead { HiddenUnits = 8 },
        BatchSize = 12,
        Augmentations = [],
        Seed = 1,
    };

    [Fact]
    public void Fit_EachLabelType_GivesTheSameModel()
    {
        MLContext ml = new(1);
        string[] names = ["blue", "green", "red"];
        string[][] sets =
        [
            .. images
                .Rows(ml)
                .GetColumn<string>("Label")
                .Select(
                    (name, i) =>
                        i % 4 == 0 ? []
                        : i % 3 == 0 ? new[] { name, names[i % 2] }
                        : [name]
                ),
        ];
        string[] paths = [.. images.Rows(ml).GetColumn<string>("ImagePath")];
        IDataView text = ml.Data.LoadFromEnumerable(
            sets.Zip(paths, (set, path) => new TextRow { Label = string.Join(" ; ", set), ImagePath = path }).ToArray()
        );
        IDataView vector = ml.Data.LoadFromEnumerable(sets.Zip(paths, (set, path) => new NamesRow { Label = set, ImagePath = path }).ToArray());
        IDataView multiHot = ml.Data.LoadFromEnumerable(
            sets.Zip(paths, (set, path) => new MultiHotRow { Label = [.. names.Select(name => set.Contains(name) ? 1f : 0f)], ImagePath = path }).ToArray()
        );

        float[][] expected = Scores(text);

        Assert.Equal(expected, Scores(vector));
        Assert.Equal(expected, Scores(multiHot));

        float[][] Scores(IDataView rows) => [.. Pipeline(ml, Short).Fit(rows).Transform(rows).GetColumn<float[]>("Score")];
    }

    [Fact]
    public void Fit_PatchesThenImages_LearnsTheColors()
    {
        MLContext ml = new(1);
        List<string> log = [];
        ml.Log += (_, e) => log.Add(e.RawMessage);
        IDataView rows = images.Rows(ml);

        PatchTrainingOptions options = Short with
        {
            Epochs = 12,
            SwitchEpoch = 4,
            LearningRate = 0.03,
            Head = new VggPatchHead { HiddenUnits = 32 },
            PatchSet = rows,
        };
        TransformerChain<ImageClassificationTransformer> model = Pipeline(ml, options).Fit(rows);
        MultilabelClassificationMetrics metrics = ml.MultilabelClassification().Evaluate(model.Transform(rows));

        Assert.True(metrics.SubsetAccuracy > 0.8, $"{metrics.SubsetAccuracy}");
        Assert.Equal((4, 8), (model.LastTransformer.Model.EarlierHistory.Count, model.LastTransformer.Model.History.Count));
        Assert.Equal(["4", "8"], log.Where(line => line.StartsWith("Epoch 1/", StringComparison.Ordinal)).Select(line => line.Split('/', ':')[1]));
        float[][] predicted = [.. model.Transform(rows).GetColumn<float[]>("PredictedLabel")];
        float[][] scores = [.. model.Transform(rows).GetColumn<float[]>("Score")];
        Assert.Equal(scores.Select(row => row.Select(score => score >= 0.5f ? 1f : 0f).ToArray()), predicted);
    }

    [Fact]
    public void Fit_PatchesThenImages_ScheduleGoesOnAtTheSwitch()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        PatchTrainingOptions options = Short with
        {
            Epochs = 4,
            SwitchEpoch = 3,
            PatchSet = rows,
            LearningRate = 0.01,
            Schedule = new StepSchedule { Milestones = [0.5] },
        };

        ImageClassificationModel model = Pipeline(ml, options).Fit(rows).LastTransformer.Model;

        Assert.Equal([0.01, 0.01, 0.001, 0.001], model.EarlierHistory.Concat(model.History).Select(epoch => Math.Round(epoch.LearningRate, 9)));
    }

    [Theory]
    [InlineData(3, null, 0.485f * 255)]
    [InlineData(1, null, null)]
    [InlineData(3, InputNormalization.FromTrainingSet, null)]
    public void ToRecipe_NoWeights_ColorImagesAreNormalizedLikeImageNet(int channels, InputNormalization? chosen, float? mean)
    {
        PatchTrainingOptions options = Short with { Channels = channels, InputNormalization = chosen ?? default };

        Assert.Equal(mean, options.ToRecipe(new ImageShape(channels, 12, 12), 1).Normalization?.Mean[0]);
    }

    [Fact]
    public void Fit_PatchLoss_AppliesToPatchesOnly()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);

        CrossEntropyLoss smooth = new() { LabelSmoothing = 0.2 };
        float[] onImages = First(Short with { PatchLoss = smooth });
        PatchTrainingOptions patches = Short with { Epochs = 2, SwitchEpoch = 1, PatchSet = rows };

        Assert.Equal(First(Short), onImages);
        Assert.NotEqual(First(patches), First(patches with { PatchLoss = smooth }));
        Assert.Contains(
            "LabelSmoothing of cross-entropy must be at least 0 and below 1",
            Assert.Throws<ArgumentException>(() => Pipeline(ml, Short with { PatchLoss = smooth with { LabelSmoothing = 1 } })).Message,
            StringComparison.Ordinal
        );

        float[] First(PatchTrainingOptions options) => Pipeline(ml, options).Fit(rows).Transform(rows).GetColumn<float[]>("Score").First();
    }

    [Fact]
    public void Fit_CanceledDuringPatches_Throws()
    {
        MLContext ml = new(1);
        using CancellationTokenSource source = new();
        PatchTrainingOptions options = Short with
        {
            Epochs = 4,
            SwitchEpoch = 2,
            PatchSet = images.Rows(ml),
            CancellationToken = source.Token,
            Progress = _ => source.Cancel(),
        };

        Assert.Throws<OperationCanceledException>(() => Pipeline(ml, options).Fit(images.Rows(ml)));
    }

    [Fact]
    public void Create_SwitchEpochAfterTheLastEpoch_IsOneProblem()
    {
        string message = Assert
            .Throws<ArgumentException>(() => new MLContext().MultilabelClassification().Trainers.PatchTraining(new PatchTrainingOptions { Epochs = 4 }))
            .Message;

        Assert.Contains("SwitchEpoch must be at least 0 and below Epochs, 4; it is 5.", message, StringComparison.Ordinal);
        Assert.DoesNotContain("Epochs must be at least 1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_SwitchEpochWithoutPatches_Throws()
    {
        string message = Assert
            .Throws<ArgumentException>(() => new MLContext().MultilabelClassification().Trainers.PatchTraining(new PatchTrainingOptions()))
            .Message;
        Assert.Contains("SwitchEpoch is above 0, but PatchSet is null", message, StringComparison.Ordinal);

        message = Assert
            .Throws<ArgumentException>(() => new MLContext().MultilabelClassification().Trainers.PatchTraining(Short with { SwitchEpoch = 1 }))
            .Message;
        Assert.Contains("SwitchEpoch must be at least 0 and below Epochs", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_PartsWithoutMultilabelSupport_Throw()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);

        string loss = Assert.Throws<ArgumentException>(() => Pipeline(ml, Short with { Loss = new CrossEntropyLoss() }).Fit(rows)).Message;
        string strategy = Assert.Throws<ArgumentException>(() => Pipeline(ml, Short with { Strategies = [new ClassWiseSelfDistillation()] }).Fit(rows)).Message;

        Assert.Contains("the loss 'cross-entropy' needs one class per image", loss, StringComparison.Ordinal);
        Assert.Contains("the strategy 'cs-kd' needs one class per image", strategy, StringComparison.Ordinal);
    }

    [Fact]
    public void Fit_MixupAndFeatureMiningOnMultilabelData_Trains()
    {
        MLContext ml = new(1);
        PatchTrainingOptions options = Short with
        {
            Strategies = [new Mixup(), new Microsoft.ML.FeatureMining.Strategies.FeatureMining { Stages = 1 }],
            ValidationSet = images.Rows(ml),
        };

        EpochMetrics epoch = Pipeline(ml, options).Fit(images.Rows(ml)).LastTransformer.Model.History[0];

        Assert.InRange(epoch.TrainAccuracy, 0, 1);
        Assert.InRange(epoch.ValidationAccuracy!.Value, 0, 1);
    }

    [Fact]
    public void Fit_LabelVectorWithAnotherValue_NamesTheRow()
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(
            images
                .Rows(ml)
                .GetColumn<string>("ImagePath")
                .Select((path, i) => new MultiHotRow { Label = [1, i == 3 ? 0.5f : 0, 0], ImagePath = path })
                .ToArray()
        );

        string message = Assert.Throws<ArgumentException>(() => Pipeline(ml, Short).Fit(rows)).Message;

        Assert.StartsWith("The label column 'Label' has the value 0.5 in row 3", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Evaluate_LabelsOfOtherClasses_Throws()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        IDataView scored = Pipeline(ml, Short).Fit(rows).Transform(rows);
        IDataView other = ml.Transforms.CopyColumns("Wrong", "Score").Append(ml.Transforms.SelectColumns("Wrong", "Score")).Fit(scored).Transform(scored);

        Assert.Throws<ArgumentOutOfRangeException>(() => ml.MultilabelClassification().Evaluate(rows));
        Assert.Throws<ArgumentOutOfRangeException>(() => ml.MultilabelClassification().Evaluate(scored, labelColumnName: "Nothing"));
        Assert.Throws<ArgumentException>(() => ml.MultilabelClassification().Evaluate(other, labelColumnName: "Wrong"));
    }

    [Fact]
    public void Fit_PathsAndPatchesCutOutOfTheSameFiles_TrainsOnThePatches()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        // The paths of the patches lead to no file: only their bytes can be read.
        IDataView patches = ml.Data.LoadFromEnumerable(
            rows.GetColumn<string>("ImagePath")
                .Zip(
                    rows.GetColumn<string>("Label"),
                    (path, label) =>
                        new PatchRow
                        {
                            ImagePath = "nowhere.png",
                            Image = File.ReadAllBytes(path),
                            Label = label,
                        }
                )
        );
        PatchTrainingOptions options = Short with { ImageColumnName = "ImagePath", PatchSet = patches, Epochs = 2, SwitchEpoch = 1 };

        ImageClassificationTransformer model = ml.MultilabelClassification().Trainers.PatchTraining(options).Fit(rows);

        Assert.NotEmpty(model.Model.EarlierHistory);
    }

    private static EstimatorChain<ImageClassificationTransformer> Pipeline(MLContext ml, PatchTrainingOptions options) =>
        ml.Transforms.LoadRawImageBytes("Image", null, "ImagePath").Append(ml.MultilabelClassification().Trainers.PatchTraining(options));

    private sealed class TextRow
    {
        public string Label { get; set; } = "";

        public string ImagePath { get; set; } = "";
    }

    private sealed class PatchRow
    {
        public string ImagePath { get; set; } = "";

        public byte[] Image { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class NamesRow
    {
        public string[] Label { get; set; } = [];

        public string ImagePath { get; set; } = "";
    }

    private sealed class MultiHotRow
    {
        [VectorType(3)]
        public float[] Label { get; set; } = [];

        public string ImagePath { get; set; } = "";
    }
}
