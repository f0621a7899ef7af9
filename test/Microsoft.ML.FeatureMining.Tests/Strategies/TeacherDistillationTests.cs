using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Strategies;

/// <summary>Distillation from saved models. The loss is checked against PyTorch (test/Goldens/make_losses.py).</summary>
public sealed class TeacherDistillationTests : IClassFixture<SingleThreadFixture>, IDisposable
{
    private static readonly GoldenTensors Golden = new("losses", "losses.safetensors");
    private static readonly ImageShape Shape = new(3, 8, 8);

    private readonly TemporaryFolder _folder = new();
    private readonly ImageSet _train = TinyData.Random(Shape, count: 12, classes: 3);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1, "1.0")]
    [InlineData(1, "4.0")]
    [InlineData(2, "1.0")]
    [InlineData(2, "4.0")]
    public void Loss_AnyTemperature_IsPyTorchs(int teachers, string temperature)
    {
        using DisposeScope scope = NewDisposeScope();
        double t = double.Parse(temperature, System.Globalization.CultureInfo.InvariantCulture);
        Tensor student = Golden["teacher/student"].to(ScalarType.Float32).requires_grad_(true);
        Tensor[] probabilities = [.. Enumerable.Range(0, teachers).Select(i => (Golden[$"teacher/{i}"].to(ScalarType.Float32) / t).softmax(1))];

        Tensor loss = TeacherDistillation.DistillationLoss(student, stack(probabilities).mean([0]), t);
        loss.backward();

        Assert.Equal(1, loss.ToSingle() / Golden.Doubles($"teacher/{teachers}/{temperature}/value")[0], 1e-5);
        TensorAssert.Close(Golden[$"teacher/{teachers}/{temperature}/gradient"], student.grad!, 1e-5, "gradient");
    }

    [Fact]
    public void Loss_ProbabilityOfZero_IsFinite()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor student = zeros([1, 2], requires_grad: true);

        Tensor loss = TeacherDistillation.DistillationLoss(student, tensor(new float[] { 1, 0 }, [1, 2]), 1);
        loss.backward();

        Assert.Equal(Math.Log(2), loss.ToSingle(), 1e-6);
        Assert.Equal([-0.5f, 0.5f], TensorAssert.Values(student.grad!));
    }

    [Fact]
    public void AddLosses_Alpha_WeighsLabelsAndTeacher()
    {
        using DisposeScope scope = NewDisposeScope();
        LossLedger ledger = new();
        ledger.Add("criterion", tensor(2.0f));

        ledger.ScaleCriterion(0.25);
        ledger.Add("teacher", tensor(10.0f), 0.75);

        Assert.Equal(0.25 * 2 + 0.75 * 10, ledger.Total().ToSingle(), 1e-6);
        Assert.Equal(2, ledger.Entries.First().Value.ToSingle());
    }

    [Fact]
    public void Probabilities_OwnNormalizationAndSize_EqualTheModelsScores()
    {
        // The teacher takes 16x16 images, the batch has 8x8: a constant image stays constant.
        byte[] levels = [200, 10, 90];
        ModelManifest manifest = TinyTeacher.Manifest(new ImageShape(3, 16, 16), classes: 3) with { Mean = [120, 110, 100], Std = [60, 0, 40] };
        TinyTeacher.Save(_folder["teacher"], manifest);
        using Teacher teacher = Load(null, _folder["teacher"]);
        using ImageScorer scorer = new(SavedModel.LoadFolder(_folder["teacher"]), CPU);
        float[] expected = new float[3];
        scorer.Score([.. levels.SelectMany(level => Enumerable.Repeat(level, 256))], 1, expected);

        using DisposeScope scope = NewDisposeScope();
        ChannelStatistics student = _train.Statistics;
        Tensor images = stack([.. levels.Select((level, c) => full([8, 8], (level - student.Mean[c]) / student.Std[c]))]).unsqueeze(0);
        float[] actual = TensorAssert.Values(teacher.Probabilities(images, 1));

        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public void Probabilities_SameSize_EqualTheModelsScoresOfEachImage()
    {
        TinyTeacher.Save(_folder["teacher"], TinyTeacher.Manifest(Shape, classes: 3));
        using Teacher teacher = Load(null, _folder["teacher"]);
        using ImageScorer scorer = new(SavedModel.LoadFolder(_folder["teacher"]), CPU);
        using HostBatch batch = _train
            .Read([
                [3, 5, 8, 1],
            ])
            .Single();
        float[] expected = new float[12];
        scorer.Score(batch.Pixels, 4, expected);

        using DisposeScope scope = NewDisposeScope();
        using NetworkInput input = new(Shape, PixelType.Byte, _train.Statistics, CPU);
        Tensor images = input.Of(batch.Pixels, 4);
        Tensor actual = teacher.Probabilities(images, 1);

        Assert.False(actual.requires_grad);
        Assert.All(expected.Zip(TensorAssert.Values(actual)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        // p_T is softmax(log p / T): the logarithms of probabilities are logits.
        Tensor warm = (actual.log() / 4).softmax(1);
        TensorAssert.Close(warm, teacher.Probabilities(images, 4), 1e-5, "temperature 4");
    }

    [Fact]
    public void Probabilities_SeveralTeachers_AreTheMean()
    {
        TinyTeacher.Save(_folder["one"], TinyTeacher.Manifest(Shape, classes: 3), seed: 1);
        TinyTeacher.Save(_folder["two"], TinyTeacher.Manifest(Shape, classes: 3), seed: 2);
        using Teacher one = Load(null, _folder["one"]),
            two = Load(null, _folder["two"]),
            both = Load(null, _folder["one"], _folder["two"]);
        using DisposeScope scope = NewDisposeScope();
        Tensor images = randn(4, 3, 8, 8);

        TensorAssert.Close((one.Probabilities(images, 2) + two.Probabilities(images, 2)) / 2, both.Probabilities(images, 2), 1e-6, "mean");
    }

    [Fact]
    public void Probabilities_OtherOrderOfClasses_IsMappedByName()
    {
        ModelManifest manifest = TinyTeacher.Manifest(Shape, classes: 3) with { ClassNames = ["cat", "dog", "owl"] };
        TinyTeacher.Save(_folder["teacher"], manifest);
        using Teacher same = Load(["cat", "dog", "owl"], _folder["teacher"]),
            other = Load(["owl", "cat", "dog"], _folder["teacher"]);
        using DisposeScope scope = NewDisposeScope();
        Tensor images = randn(4, 3, 8, 8);
        Tensor expected = same.Probabilities(images, 1);

        TensorAssert.Close(stack([expected[.., 2], expected[.., 0], expected[.., 1]], 1), other.Probabilities(images, 1), 1e-6, "probabilities");
    }

    [Fact]
    public void Load_MissingClass_NamesIt()
    {
        TinyTeacher.Save(_folder["teacher"], TinyTeacher.Manifest(Shape, classes: 3) with { ClassNames = ["cat", "dog", "owl"] });

        AssertNotLoaded("it has no class 'cow'. Its classes are cat, dog, owl.", ["cat", "cow", "owl"]);
    }

    [Fact]
    public void Load_OtherNumberOfClasses_Throws()
    {
        TinyTeacher.Save(_folder["teacher"], TinyTeacher.Manifest(Shape, classes: 4));

        AssertNotLoaded("it has 4 classes, the training set has 3.");
    }

    [Fact]
    public void Load_MultilabelModel_Throws()
    {
        TinyTeacher.Save(_folder["teacher"], TinyTeacher.Manifest(Shape, classes: 3) with { IsMultilabel = true });

        AssertNotLoaded("it is a multi-label model.");
    }

    [Fact]
    public void Load_OtherNumberOfChannels_Throws()
    {
        TinyTeacher.Save(_folder["teacher"], TinyTeacher.Manifest(new ImageShape(1, 8, 8), classes: 3));

        AssertNotLoaded("it takes images with 1 channels, the training images have 3.");
    }

    [Fact]
    public void Load_PlanarFloats_Throws()
    {
        TinyTeacher.Save(_folder["teacher"], TinyTeacher.Manifest(Shape, classes: 3) with { Element = PixelType.Single });

        AssertNotLoaded("one takes images, the other planar floats.");
    }

    [Fact]
    public void Problems_NoTeacher_SaysWhatToGive() =>
        Assert.Contains("Give the path of a saved model (.zip)", Assert.Single(new TeacherDistillation().Problems(3)));

    [Fact]
    public void Problems_MissingTeacher_NamesIt() =>
        Assert.Contains(
            $"The teacher '{_folder["none.zip"]}'",
            Assert.Single(new TeacherDistillation { Teacher = $"{_folder.Path};{_folder["none.zip"]}" }.Problems(3))
        );

    [Fact]
    public void Hash_Folder_IsThatOfManifestAndWeights()
    {
        TinyTeacher.Save(_folder["teacher"], TinyTeacher.Manifest(Shape, classes: 3));
        byte[] files = [.. File.ReadAllBytes(_folder["teacher/manifest.json"]), .. File.ReadAllBytes(_folder["teacher/weights.safetensors"])];

        TrainingRecipe recipe = TeacherFiles.WithHashes(
            TinyRun.Recipe with
            {
                Strategies =
                [
                    new Mixup(),
                    new TeacherDistillation
                    {
                        Teacher = _folder["teacher"],
                        Alpha = 0.3,
                        Temperature = 2,
                    },
                ],
            }
        );

        TeacherDistillation strategy = Assert.IsType<TeacherDistillation>(recipe.Strategies[1]);
        string hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(files));
        Assert.Equal((_folder["teacher"], hash, 0.3, 2), (strategy.Teacher, strategy.Sha256, strategy.Alpha, strategy.Temperature));
        // Another model is another run.
        Assert.Contains(hash, ModelManifest.Describe(recipe).GetRawText());
    }

    [Fact]
    public void Hash_OtherThanGiven_Throws()
    {
        TinyTeacher.Save(_folder["teacher"], TinyTeacher.Manifest(Shape, classes: 3));
        TrainingRecipe recipe = TinyRun.Recipe with { Strategies = [new TeacherDistillation { Teacher = _folder["teacher"], Sha256 = "00" }] };

        Assert.Contains("Sha256 of teacher-distillation is 00", Assert.Throws<ArgumentException>(() => TeacherFiles.WithHashes(recipe)).Message);
    }

    [Fact]
    public void Fit_Checkpoint_DoesNotContainTheTeacher()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { Epochs = 1 };
        MemoryStore plain = new(),
            distilled = new();

        TinyRun.Fit(recipe, checkpoints: plain);
        TinyRun.Fit(recipe with { Strategies = [new TeacherDistillation { Teacher = TinyTeacher.Folder }] }, checkpoints: distilled);

        Assert.Equal(
            plain.Load(_ => { })!.Tensors.Tensors.Select(tensor => tensor.Name),
            distilled.Load(_ => { })!.Tensors.Tensors.Select(tensor => tensor.Name)
        );
    }

    [Fact]
    public void Fit_TeacherAlone_LearnsItsPredictions()
    {
        // A teacher that knows the classes, and labels that are all wrong.
        TrainingOutcome taught = TinyRun.Fit(TinyRun.Recipe with { Epochs = 15 }, TinyData.Bands(40));
        ModelManifest manifest = TinyTeacher.Manifest(new ImageShape(1, 8, 8), classes: 2) with { Mean = taught.Pixels.Mean, Std = taught.Pixels.Std };
        new SavedModel(manifest, taught.Weights).SaveFolder(_folder["teacher"]);
        ImageSet wrong = TinyData.Bands(40, seed: 2);
        ImageSet swapped = Swapped(wrong);

        TrainingOutcome student = TinyRun.Fit(
            TinyRun.Recipe with
            {
                Epochs = 15,
                Strategies = [new TeacherDistillation { Teacher = _folder["teacher"], Alpha = 1 }],
            },
            swapped,
            TinyData.Bands(40, seed: 3)
        );

        Assert.True(student.History[^1].ValidationAccuracy > 0.9, $"The accuracy is {student.History[^1].ValidationAccuracy}.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Fit_NormalizationOfTheWeights_IsConvertedToTheTeachers(bool given)
    {
        ImageSet train = TinyData.Bands(20);
        using ImageScorer scorer = new(SavedModel.LoadFolder(TinyTeacher.Folder), CPU);
        float[] scores = new float[40];
        using HostBatch images = train
            .Read([
                [.. Enumerable.Range(0, 20)],
            ])
            .Single();
        scorer.Score(images.Pixels, 20, scores);
        Watch watch = new();

        TinyRun.Fit(
            TinyRun.Recipe with
            {
                Epochs = 1,
                BatchSize = 20,
                Normalization = given ? new ChannelStatistics([30], [20]) : null,
                Strategies = [watch],
            },
            train
        );

        // The order of the images is random.
        Assert.All(scores.Order().Zip(watch.Probabilities.Order()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    /// <summary>Notes the probabilities of a teacher.</summary>
    private sealed record Watch : TrainingStrategy
    {
        public override string Key => "watch";

        internal float[] Probabilities { get; private set; } = [];

        protected internal override StrategyRun Start(StrategyContext context) => new Run(this, context.LoadTeacher([TinyTeacher.Folder]));

        private sealed class Run(Watch watch, Teacher teacher) : StrategyRun
        {
            public override void AddLosses(ForwardPass pass, LossLedger ledger, TrainingClock clock) =>
                watch.Probabilities = TensorAssert.Values(teacher.Probabilities(pass.Batch.Images, 1));
        }
    }

    private static ImageSet Swapped(ImageSet set)
    {
        ImageSetBuilder builder = new(set.Shape);
        for (int i = 0; i < set.Count; i++)
        {
            builder.Add(set[i], 1 - set.Labels[i]);
        }

        return builder.Build(2);
    }

    private Teacher Load(IReadOnlyList<string>? classNames, params string[] paths) => TinyTeacher.Loader(_train, classNames)(paths, _train.Statistics);

    private void AssertNotLoaded(string problem, IReadOnlyList<string>? classNames = null)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Load(classNames, _folder["teacher"]));

        Assert.StartsWith($"The teacher '{_folder["teacher"]}' cannot teach this network: {problem}", error.Message);
    }
}
