using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Tests.Reports;
using Microsoft.ML.FeatureMining.Trainers;
using Microsoft.ML.FeatureMining.Training.Optimizers;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>Sweeps through the catalog of an MLContext.</summary>
public sealed class SweepTests(ColoredImages images) : IClassFixture<ColoredImages>, IClassFixture<SingleThreadFixture>
{
    private static readonly SweepParameter[] Parameters =
    [
        new NumberParameter("LearningRate", 1e-3, 0.3, logarithmic: true),
        new ChoiceParameter("Stages", 0, 2),
    ];

    [Fact]
    public void Sweep_SuccessiveHalving_PausesAndResumesTrialsBitIdentically()
    {
        using TemporaryFolder folder = new();
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        List<SweepTrial> reported = [];

        SweepResult<FeatureMiningOptions> result = Sweep(ml, rows, Settings(folder["a"]) with { Progress = reported.Add });

        Assert.Equal(7, result.Trials.Count);
        Assert.Equal([1, 2, 4], reported.Select(trial => trial.Epochs).Distinct().Order());
        SweepTrial best = result.Best!;
        Assert.Equal((TrialState.Completed, 4), (best.State, best.Epochs));
        // A trial that was paused and resumed twice is bit-identical to an uninterrupted Fit.
        using ImageClassificationTransformer straight = Pipeline(ml, result.GetOptions(best) with { WorkspacePath = null }).Fit(rows).LastTransformer;
        Assert.Equal(straight.Model.History.Select(epoch => epoch.ValidationAccuracy!.Value), best.Curve.Select(epoch => epoch.Score));
        using ImageClassificationTransformer kept = Pipeline(ml, result.GetOptions(best)).Fit(rows).LastTransformer;
        Assert.All(straight.Model.Saved.Weights.Tensors.Zip(kept.Model.Saved.Weights.Tensors), pair => Assert.Equal(pair.First.Bytes, pair.Second.Bytes));
        // Paused trials keep their checkpoint.
        Assert.All(result.Trials.Where(trial => trial.State == TrialState.Paused), trial => Assert.Equal(1, CheckpointsOf(result, trial)));
        Assert.Equal(8, result.ToCsv().Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
        result.SaveReport(folder["sweep.html"]);
        PageAssert.Sound(File.ReadAllText(folder["sweep.html"]));

        reported.Clear();
        SweepResult<FeatureMiningOptions> again = Sweep(ml, rows, Settings(folder["a"]) with { Progress = reported.Add });
        Assert.Empty(reported);
        Assert.Equal(result.ToCsv(), again.ToCsv());
    }

    [Fact]
    public void Sweep_Canceled_ResumesWithTheSameResult()
    {
        using TemporaryFolder folder = new();
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        using CancellationTokenSource stop = new();
        FeatureMiningOptions stopping = Baseline with
        {
            Progress = progress =>
            {
                if (progress is { Epoch: 2, Step: > 0 })
                {
                    stop.Cancel();
                }
            },
        };

        SweepResult<FeatureMiningOptions> first = ml.MulticlassClassification.Sweep(
            rows,
            stopping,
            options => Pipeline(ml, options),
            Settings(folder["a"]) with
            {
                Halving = null,
                Trials = 2,
                CancellationToken = stop.Token,
            }
        );
        SweepResult<FeatureMiningOptions> all = Sweep(ml, rows, Settings(folder["a"]) with { Halving = null, Trials = 2 });
        SweepResult<FeatureMiningOptions> undisturbed = Sweep(ml, rows, Settings(folder["b"]) with { Halving = null, Trials = 2 });

        Assert.Equal(TrialState.Interrupted, Assert.Single(first.Trials).State);
        Assert.Equal(undisturbed.Trials.Select(Describe), all.Trials.Select(Describe));
        // Both finished: the better trial keeps its checkpoint, the other one only its logs.
        Assert.Equal([1, 0], all.Trials.Select(trial => CheckpointsOf(all, trial)));
        Assert.Single(Directory.GetFiles(all.GetOptions(all.Trials[1]).WorkspacePath!, "log.txt", SearchOption.AllDirectories));
    }

    [Fact]
    public void Sweep_TokenOfTheBaselineIsCanceled_Stops()
    {
        using TemporaryFolder folder = new();
        MLContext ml = new(1);
        using CancellationTokenSource stop = new();
        stop.Cancel();

        SweepResult<FeatureMiningOptions> result = ml.MulticlassClassification.Sweep(
            images.Rows(ml),
            Baseline with
            {
                CancellationToken = stop.Token,
            },
            options => Pipeline(ml, options),
            Settings(folder.Path)
        );

        Assert.Empty(result.Trials);
    }

    [Theory]
    [InlineData("EarlyStopping.Patience", true)]
    [InlineData("FineTuning.FrozenStages", true)]
    [InlineData("Optimizer.Momentum", true)]
    [InlineData("Optimizer.Moment", false)]
    [InlineData("EarlyStopping.Patience.Value", false)]
    [InlineData("Seeds", false)]
    public void Problems_ExcludedParameter_IsAPropertyOrListed(string name, bool exists)
    {
        string[] problems = [.. SweptOptions.Problems(new FeatureMiningOptions(), Parameters, [name])];

        Assert.Equal(exists ? [] : [$"FeatureMiningOptions has no property '{name}'; correct ExcludedParameters."], problems);
    }

    [Fact]
    public void Sweep_TrialDiverges_MarksItFailedAndContinues()
    {
        using TemporaryFolder folder = new();
        MLContext ml = new(1);

        SweepResult<FeatureMiningOptions> result = Sweep(
            ml,
            images.Rows(ml),
            new SweepSettings
            {
                Folder = folder.Path,
                Parameters = [new ChoiceParameter("LearningRate", 0.05, 1e30)],
                Sampler = SweepSampler.Grid,
                Halving = null,
            }
        );

        Assert.Equal([TrialState.Completed, TrialState.Failed], result.Trials.Select(trial => trial.State));
        Assert.Equal(0.05, result.Best!.Settings[0].Value);
        Assert.NotEmpty(result.Trials[1].Error!);
        Assert.Equal([1, 0], result.Trials.Select(trial => CheckpointsOf(result, trial)));
    }

    [Fact]
    public void Sweep_InvalidSettings_AreAllListed()
    {
        MLContext ml = new(1);
        SweepSettings settings = new()
        {
            Folder = "",
            Trials = 0,
            Halving = new SuccessiveHalving { Reduction = 1, MinEpochs = 0 },
            Parameters =
            [
                new NumberParameter("Rate", 0, 1),
                new ChoiceParameter("Epochs", "many", "few"),
                new ChoiceParameter("Stages", 1, 2),
                new ChoiceParameter("Stages", 1, 2),
            ],
        };

        string message = Assert.Throws<ArgumentException>(() => Sweep(ml, images.Rows(ml), settings)).Message;

        Assert.All(
            ["Folder", "Trials", "Reduction", "MinEpochs", "'Rate'", "'many'", "Parameters has Stages more than once"],
            text => Assert.Contains(text, message, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Sweep_OptionsInvalidForEveryTrial_ThrowsBeforeTheFirst()
    {
        using TemporaryFolder folder = new();
        MLContext ml = new(1);

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            ml.MulticlassClassification.Sweep(images.Rows(ml), Baseline with { Backbone = "nonsense" }, options => Pipeline(ml, options), Settings(folder["a"]))
        );

        Assert.Contains("Unknown backbone 'nonsense'", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["a"]));
    }

    [Theory]
    [InlineData(typeof(FeatureMiningOptions))]
    [InlineData(typeof(SsmOptions))]
    [InlineData(typeof(VisualInductivePriorsOptions))]
    public void Attributes_EachTrainer_DefineItsSearchSpace(Type options)
    {
        IReadOnlyList<SweepParameter> parameters = AttributeParameters.Of((ImageClassificationOptions)Activator.CreateInstance(options)!);

        Assert.Superset(
            new HashSet<string>([
                "BatchSize",
                "HorizontalFlip",
                "Loss.LabelSmoothing",
                "LearningRate",
                "Optimizer.Momentum",
                "Optimizer.Nesterov",
                "WeightDecay",
            ]),
            parameters.Select(parameter => parameter.Name).ToHashSet()
        );
        Assert.DoesNotContain(parameters, parameter => parameter.Name == "Epochs");
        Assert.Empty(SweptOptions.Problems((ImageClassificationOptions)Activator.CreateInstance(options)!, parameters, []));
        Assert.True(parameters.OfType<NumberParameter>().Single(parameter => parameter.Name == "LearningRate").IsLogarithmic);
    }

    [Fact]
    public void Attributes_GivenOptions_ExcludeParametersThatCannotVary()
    {
        string[] all = [.. AttributeParameters.Of(new FeatureMiningOptions()).Select(parameter => parameter.Name)];

        Assert.Equal(all, Names(Tiny.Options));
        Assert.Equal(all.Except(["HorizontalFlip", "Stages"]), Names(Tiny.Options, "HorizontalFlip", "Stages"));
        Assert.Equal(all.Except(["Optimizer.Momentum", "Optimizer.Nesterov"]), Names(Tiny.Options with { Optimizer = new AdamWOptimizer() }));
        Assert.Equal(all.Except(["Loss.LabelSmoothing"]), Names(Tiny.Options with { Loss = new FocalLoss() }));
        Assert.DoesNotContain("SwitchEpoch", Names(new PatchTrainingOptions { SwitchEpoch = 0 }));

        static IEnumerable<string> Names(ImageClassificationOptions options, params string[] fixedNames) =>
            AttributeParameters.Of(options, fixedNames).Select(parameter => parameter.Name);
    }

    [Fact]
    public void Sweep_NoParametersToVary_Throws()
    {
        MLContext ml = new(1);
        SweepSettings settings = new()
        {
            Folder = "unused",
            ExcludedParameters = [.. AttributeParameters.Of(new FeatureMiningOptions()).Select(parameter => parameter.Name), "Rate"],
        };

        string message = Assert.Throws<ArgumentException>(() => Sweep(ml, images.Rows(ml), settings)).Message;

        Assert.All(["no parameters to vary", "no property 'Rate'"], text => Assert.Contains(text, message, StringComparison.Ordinal));
        Assert.False(Directory.Exists("unused"));
    }

    [Fact]
    public void With_SweptValues_DoesNotChangeTheOriginalOptions()
    {
        FeatureMiningOptions options = new() { Stages = 1 };

        FeatureMiningOptions swept = SweptOptions.With(
            options,
            [new("Stages", 3.0), new("Segmentation", "Channels"), new("BatchSize", 64), new("ValidationFraction", 0.25), new("Optimizer.Nesterov", false)]
        );

        Assert.Equal((1, 128), (options.Stages, options.BatchSize));
        Assert.Equal(
            (3, 64, 0.25, false, "Channels"),
            (swept.Stages, swept.BatchSize, swept.ValidationFraction, ((SgdOptimizer)swept.Optimizer).Nesterov, swept.Segmentation.ToString())
        );
    }

    private static FeatureMiningOptions Baseline => Tiny.Options with { ValidationFraction = 0.34, LearningRate = 0.05 };

    private static SweepSettings Settings(string folder) =>
        new()
        {
            Folder = folder,
            Parameters = Parameters,
            Trials = 7,
            Seed = 3,
            Halving = new SuccessiveHalving { Reduction = 2 },
        };

    private static EstimatorChain<ImageClassificationTransformer> Pipeline(MLContext ml, FeatureMiningOptions options) => Tiny.Pipeline(ml, options);

    private static SweepResult<FeatureMiningOptions> Sweep(MLContext ml, IDataView rows, SweepSettings settings) =>
        ml.MulticlassClassification.Sweep(rows, Baseline, options => Pipeline(ml, options), settings);

    private static int CheckpointsOf(SweepResult<FeatureMiningOptions> result, SweepTrial trial) =>
        Directory.GetFiles(result.GetOptions(trial).WorkspacePath!, "*.ckpt", SearchOption.AllDirectories).Length;

    private static string Describe(SweepTrial trial) => $"{trial.Number} {trial.State} {string.Join(' ', trial.Settings)} {string.Join(' ', trial.Curve)}";
}
