using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Requirements for every trainer: columns, errors, repeated Fits, files, cross-validation, prediction engines, workspaces.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class TrainerConformanceTests(TrainedModel trained) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trainer-conformance-tests-").FullName;

    public static TheoryData<string> Trainers => [.. Makers.Keys];

    public static TheoryData<string> Classifiers => [.. Makers.Where(maker => maker.Value is ClassifierMaker).Select(maker => maker.Key)];

    private static Dictionary<string, TrainerMaker> Makers { get; } =
        new()
        {
            ["FeatureMining"] = new ClassifierMaker<FeatureMiningOptions>(
                new(),
                (_, ml, options) => ml.MulticlassClassification.Trainers.FeatureMining(options)
            )
            {
                Strategies = ["feature-mining"],
                ByNames = (ml, validation) =>
                    ml.MulticlassClassification.Trainers.FeatureMining("Color", "Picture", "Probability", "Guess", "cifar-resnet-8", 1, validation),
            },
            ["Ssm"] = new ClassifierMaker<SsmOptions>(new(), (_, ml, options) => ml.MulticlassClassification.Trainers.Ssm(options))
            {
                ByNames = (ml, validation) =>
                    ml.MulticlassClassification.Trainers.Ssm("Color", "Picture", "Probability", "Guess", "cifar-resnet-8", 1, validation),
            },
            ["VisualInductivePriors"] = new ClassifierMaker<VisualInductivePriorsOptions>(
                new() { WarmupEpochs = 0 },
                (_, ml, options) => ml.MulticlassClassification.Trainers.VisualInductivePriors(options)
            )
            {
                Strategies = ["cutmix", "center-loss", "tree-supervision"],
                ByNames = (ml, validation) =>
                    ml.MulticlassClassification.Trainers.VisualInductivePriors("Color", "Picture", "Probability", "Guess", "cifar-resnet-8", 1, validation),
            },
            ["PatchTraining"] = new ClassifierMaker<PatchTrainingOptions>(
                new()
                {
                    SwitchEpoch = 1,
                    Head = new VggPatchHead { HiddenUnits = 8 },
                },
                (trained, ml, options) => ml.MultilabelClassification().Trainers.PatchTraining(options with { PatchSet = trained.Rows })
            )
            {
                IsMultilabel = true,
                ByNames = (ml, validation) =>
                    ml.MultilabelClassification()
                        .Trainers.PatchTraining("Color", "Picture", "Probability", "Guess", "cifar-resnet-8", 1, validationSet: validation),
            },
            ["RetinaNet"] = new DetectorMaker { LabelTypes = "Vector<Key<UInt32>> or Vector<Text>", ScoreCount = 5 },
        };

    [Fact]
    public void Trainers_OfAllCatalogs_AreCovered() =>
        Assert.Equal(
            typeof(ImageTrainerCatalog)
                .GetMethods()
                .Concat(typeof(MultilabelTrainers).GetMethods())
                .Concat(typeof(ObjectDetectionTrainers).GetMethods())
                .Where(method => method.ReturnType.IsAssignableTo(typeof(IEstimator<ITransformer>)))
                .Select(method => method.Name)
                .Distinct()
                .Order(),
            Makers.Keys.Order()
        );

    [Theory]
    [MemberData(nameof(Classifiers))]
    public void Fit_ByColumnNames_UsesThem(string name)
    {
        MLContext ml = new(1);
        IDataView given = Classifier(name).Rows(trained);
        IDataView rows = ml.Data.TakeRows(
            ml.Transforms.CopyColumns("Color", "Label").Append(ml.Transforms.CopyColumns("Picture", "Image")).Fit(given).Transform(given),
            12
        );

        IDataView scored = Classifier(name).ByNames(ml, rows).Fit(rows).Transform(rows);

        Assert.Equal(["Guess", "Probability"], scored.Schema.Select(column => column.Name).TakeLast(2));
        Assert.InRange(Classifier(name).Evaluate(ml, scored, "Color", "Probability", "Guess"), 0, 1);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_Twice_IsBitIdentical(string name)
    {
        IEstimator<ITransformer> trainer = Makers[name].Make(trained, new MLContext(1));

        ITransformer first = trainer.Fit(Makers[name].Rows(trained));
        ITransformer second = trainer.Fit(Makers[name].Rows(trained));

        Assert.Equal(Bits(name, first), Bits(name, second));
        Assert.Equal(Predictions(name, first), Predictions(name, second));
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Transform_Scores_AreProbabilities(string name)
    {
        float[][] scores =
        [
            .. Makers[name].Make(trained, new MLContext(1)).Fit(Makers[name].Rows(trained)).Transform(Makers[name].Rows(trained)).GetColumn<float[]>("Score"),
        ];

        Assert.All(scores, row => Assert.Equal(Makers[name].ScoreCount, row.Length));
        Assert.All(scores, row => Assert.All(row, score => Assert.InRange(score, 0, 1)));
        Assert.All(scores, row => Assert.True(Makers[name] is not ClassifierMaker { IsMultilabel: false } || Math.Abs(row.Sum() - 1) < 1e-5));
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void GetOutputSchema_AndTransform_Agree(string name)
    {
        IDataView rows = Makers[name].Rows(trained);
        IEstimator<ITransformer> trainer = Makers[name].Make(trained, new MLContext(1));

        SchemaShape promised = trainer.GetOutputSchema(Internals.ShapeOf(rows.Schema));
        SchemaShape real = Internals.ShapeOf(trainer.Fit(rows).Transform(rows).Schema);

        Assert.Equal(promised.Select(Describe).Order(), real.Select(Describe).Distinct().Order());

        static string Describe(SchemaShape.Column column) =>
            $"{column.Name} {column.Kind} {Internals.TypeName(column)} {string.Join(",", column.Annotations.Select(annotation => annotation.Name).Order())}";
    }

    [Theory]
    [MemberData(nameof(Classifiers))]
    public void Transform_Score_NamesTheClasses(string name)
    {
        DataViewSchema schema = Classifier(name)
            .MakeClassifier(trained, new MLContext(1))
            .Fit(Classifier(name).Rows(trained))
            .GetOutputSchema(Classifier(name).Rows(trained).Schema);

        VBuffer<ReadOnlyMemory<char>> slots = default;
        schema["Score"].GetSlotNames(ref slots);
        Assert.Equal(ColoredImages.Names.Order(), slots.DenseValues().Select(slot => slot.ToString()).Order());
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_WrongColumns_AreRejected(string name)
    {
        MLContext ml = new(1);
        IEstimator<ITransformer> trainer = Makers[name].Make(trained, ml);
        IDataView good = Makers[name].Rows(trained);
        IDataView noLabel = ml.Transforms.CopyColumns("Label", "Image").Fit(good).Transform(good);
        string[] images = [.. good.Schema.Select(column => column.Name).Where(column => column is "Image" or "ImagePath")];
        IDataView noImage = ml.Transforms.DropColumns(images).Fit(good).Transform(good);

        Assert.StartsWith(
            $"Schema mismatch for label column 'Label': expected {Makers[name].LabelTypes}",
            Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(noLabel)).Message,
            StringComparison.Ordinal
        );
        Assert.StartsWith(
            "Could not find image column 'Image'",
            Assert.Throws<ArgumentOutOfRangeException>(() => trainer.Fit(noImage)).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Create_WithManyWrongOptions_ReportsAllOfThem(string name)
    {
        string message = Assert
            .Throws<ArgumentException>(() =>
                Makers[name].Make(trained, new MLContext(1), options => options with { Epochs = 0, BatchSize = 0, Backbone = "alexnet", LabelColumnName = "" })
            )
            .Message;

        Assert.All(["Epochs", "BatchSize", "alexnet", "LabelColumnName"], word => Assert.Contains(word, message, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Save_ThenLoad_GivesTheSameScoresAndPredictions(string name)
    {
        MLContext ml = new(1);
        ITransformer model = Makers[name].Make(trained, ml).Fit(Makers[name].Rows(trained));
        string file = Path.Combine(_folder, "model.zip");
        ml.Model.Save(model, Makers[name].Rows(trained).Schema, file);

        ITransformer loaded = new MLContext().Model.Load(file, out _);

        Assert.Equal(Predictions(name, model), Predictions(name, loaded));
        (TrainedParts saved, TrainedParts read) = (Makers[name].Parts(model), Makers[name].Parts(loaded));
        Assert.Equal(saved.Details, read.Details);
        Assert.Equal(saved.History, read.History);
        Assert.Equal(
            Makers[name].Strategies,
            read.Recipe.GetProperty("strategies").EnumerateArray().Select(strategy => strategy.GetProperty("key").GetString())
        );
        using PredictionEngine<EncodedImage, ScoreOnly> engine = ml.Model.CreatePredictionEngine<EncodedImage, ScoreOnly>(loaded);
        EncodedImage image = new() { Image = ColoredImages.Png(1, new Random(1)) };
        Assert.Equal(engine.Predict(image).Score, engine.Predict(image).Score);
        Assert.Equal(Makers[name].ScoreCount, engine.Predict(image).Score.Length);
    }

    [Fact]
    public void Fit_WithViewsInTheOptions_ScoresThem()
    {
        MLContext ml = new(1);
        using ImageClassificationTransformer plain = Classifier("FeatureMining").MakeClassifier(trained, ml).Fit(trained.Loaded);
        using ImageClassificationTransformer flipped = Classifier("FeatureMining")
            .MakeClassifier(trained, ml, options => options with { TestTimeAugmentation = TestTimeAugmentation.Flip })
            .Fit(trained.Loaded);

        Assert.Equal(Predictions("FeatureMining", ml.Model.WithTestTimeAugmentation(plain, TestTimeAugmentation.Flip)), Predictions("FeatureMining", flipped));
        Assert.Equal(
            TestTimeAugmentation.TenCrop,
            Classifier("VisualInductivePriors").MakeClassifier(trained, ml).Fit(trained.Loaded).Model.TestTimeAugmentation
        );
    }

    [Theory]
    [MemberData(nameof(Classifiers))]
    public void Fit_WithACropRatio_ScoresTheCenterOfALargerImage(string name)
    {
        MLContext ml = new(1);
        ClassifierMaker maker = Classifier(name);
        using ImageClassificationTransformer model = maker.MakeClassifier(trained, ml, options => options with { CropRatio = 0.75 }).Fit(maker.Rows(trained));
        using ImageClassificationTransformer plain = (ImageClassificationTransformer)ml.Model.WithTestTimeAugmentation(model, TestTimeAugmentation.None);
        string file = Path.Combine(_folder, "model.zip");
        ml.Model.Save(plain, maker.Rows(trained).Schema, file);

        // 12 of 16 pixels: an image of 16 pixels is not resized, and images with the same center give the same scores.
        float[][] scores = Scores(ml, plain, Framed(0), Framed(255), Framed(0, moved: 1));

        Assert.Equal(new ImageShape(3, 12, 12), model.Model.Input);
        Assert.Equal(scores[0], scores[1]);
        Assert.NotEqual(scores[0], scores[2]);
        Assert.Equal(scores, Scores(ml, (ImageClassificationTransformer)new MLContext().Model.Load(file, out _), Framed(0), Framed(255), Framed(0, moved: 1)));
        Assert.Contains(
            "CropRatio",
            Assert.Throws<ArgumentException>(() => maker.MakeClassifier(trained, ml, options => options with { CropRatio = 0.4 })).Message,
            StringComparison.Ordinal
        );

        // One image per batch, because libtorch's matrix products round equal rows of a batch differently.
        static float[][] Scores(MLContext ml, ImageClassificationTransformer model, params EncodedImage[] images) =>
            [.. images.SelectMany(image => model.Transform(ml.Data.LoadFromEnumerable([image])).GetColumn<float[]>("Score"))];

        static EncodedImage Framed(byte frame, int moved = 0)
        {
            byte[] pixels =
            [
                .. from y in Enumerable.Range(0, 16)
                from x in Enumerable.Range(0, 16)
                from c in Enumerable.Range(0, 3)
                select Math.Min(x, y) < 2 || Math.Max(x, y) > 13 ? frame : (byte)((x + moved) * 16 + y * c),
            ];
            return new EncodedImage { Image = ImageCodec.EncodePng(pixels, 16, 16) };
        }
    }

    [Theory]
    [MemberData(nameof(Classifiers))]
    public void CrossValidate_TrainsAFreshModelOnEachFold(string name)
    {
        MLContext ml = new(1);

        ITransformer[] folds = Classifier(name).CrossValidate(ml, Classifier(name).Rows(trained), Classifier(name).MakeClassifier(trained, ml));

        Assert.Equal(2, folds.Length);
        Assert.NotEqual(Predictions(name, folds[0]), Predictions(name, folds[1]));
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_InAWorkspaceWithTheFinishedRun_ReturnsItsModel(string name)
    {
        float[][] first = Predictions(
            name,
            Makers[name].Make(trained, new MLContext(1), options => options with { WorkspacePath = _folder }).Fit(Makers[name].Rows(trained))
        );
        int steps = 0;

        IEstimator<ITransformer> again = Makers[name]
            .Make(trained, new MLContext(1), options => options with { WorkspacePath = _folder, Progress = _ => steps++ });

        Assert.Equal(first, Predictions(name, again.Fit(Makers[name].Rows(trained))));
        Assert.Equal(0, steps);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_CanceledAndResumed_IsBitIdentical(string name)
    {
        using CancellationTokenSource source = new();
        (int all, int resumed) = (0, 0);
        ImageTrainerOptions Resumable(ImageTrainerOptions options) =>
            options with
            {
                WorkspacePath = _folder,
                CheckpointEverySteps = 1,
                OnCancellation = CancellationBehavior.Throw,
            };
        ITransformer Fit(Func<ImageTrainerOptions, ImageTrainerOptions> change) =>
            Makers[name].Make(trained, new MLContext(1), change).Fit(Makers[name].Rows(trained));

        ITransformer whole = Fit(options => options with { Progress = _ => all++ });
        Assert.Throws<OperationCanceledException>(() =>
            Fit(options => Resumable(options) with { CancellationToken = source.Token, Progress = _ => source.Cancel() })
        );
        ITransformer second = Fit(options => Resumable(options) with { Progress = _ => resumed++ });

        Assert.Equal(Bits(name, whole), Bits(name, second));
        Assert.InRange(resumed, 1, all - 1);
    }

    /// <summary>
    /// Goldens/loss-traces.txt was written by this test. A trace that differs is a change of behavior: explain it in the commit that approves it. The same
    /// machine gives the same bits; the tolerance is for other CPUs.
    /// </summary>
    [Theory]
    [MemberData(nameof(Trainers))]
    public void Fit_FewEpochs_GivesTheRecordedLosses(string name)
    {
        string recorded =
            File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Goldens", "loss-traces.txt"))
                .SingleOrDefault(line => line.StartsWith(name + " ", StringComparison.Ordinal))
            ?? "";

        ITransformer model = Makers[name]
            .Make(trained, new MLContext(1), options => options with { Epochs = 3, BatchSize = 12, LearningRate = 0.01 })
            .Fit(Makers[name].Rows(trained));

        double[] losses = [.. Makers[name].Parts(model).History.Select(epoch => epoch.TrainLoss)];
        string trace = $"{name} {string.Join(' ', losses.Select(loss => loss.ToString("F6", CultureInfo.InvariantCulture)))}";
        double[] expected = [.. recorded.Split(' ').Skip(1).Select(loss => double.Parse(loss, CultureInfo.InvariantCulture))];
        Assert.True(
            expected.Length == losses.Length && expected.Zip(losses).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-4 * pair.First),
            $"recorded: {recorded}{Environment.NewLine}now:      {trace}{Environment.NewLine}Put the second line into test/Goldens/loss-traces.txt if the trainer is new, or its change explained."
        );
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ClassifierMaker Classifier(string name) => (ClassifierMaker)Makers[name];

    private static byte[] Bits(string name, ITransformer model) => [.. Makers[name].Parts(model).Weights.Tensors.SelectMany(tensor => tensor.Bytes)];

    private float[][] Predictions(string name, ITransformer model) => Makers[name].Predictions(model, Makers[name].Rows(trained));

    private sealed class ScoreOnly
    {
        public float[] Score { get; set; } = [];
    }
}
