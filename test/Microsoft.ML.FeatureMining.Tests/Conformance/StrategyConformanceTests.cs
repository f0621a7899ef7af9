using System.Text.Json;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Requirements for every strategy in the catalog, with default and with extreme settings. New entries are tested automatically.</summary>
[Collection(nameof(SerialTests))]
public sealed class StrategyConformanceTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Plain = TinyRun.Recipe with { Epochs = 1, ReportEverySteps = 1 };

    public static TheoryData<string> Valid { get; } = [.. StrategyCatalog.Keys.SelectMany(StrategySettings.Valid)];

    public static TheoryData<string> Invalid { get; } = [.. StrategyCatalog.Keys.SelectMany(StrategySettings.Invalid)];

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_AnySettings_StaysFinite(string settings)
    {
        TrainingOutcome outcome = TinyRun.Fit(With(settings));

        Assert.Equal(TrainingEnd.Completed, outcome.End);
        StrategySettings.AssertFinite(outcome);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_BFloat16_StaysFinite(string settings)
    {
        TrainingOutcome outcome = TinyRun.Fit(With(settings) with { Precision = Precision.BFloat16 });

        Assert.Equal(TrainingEnd.Completed, outcome.End);
        StrategySettings.AssertFinite(outcome);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_SecondTimeWithTheSameStrategy_IsAFreshFit(string settings)
    {
        TrainingRecipe recipe = With(settings);
        string first = TinyRun.Bits(TinyRun.Fit(recipe));

        Assert.Equal(first, TinyRun.Bits(TinyRun.Fit(recipe)));
        Assert.Equal(first, TinyRun.Bits(TinyRun.Fit(With(settings))));
        Assert.NotEqual(first, TinyRun.Bits(TinyRun.Fit(recipe with { Seed = 2 })));
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_StoppedWithinAnEpochAndResumed_IsBitIdentical(string settings) => Interruption.AssertResumesBitIdentically(With(settings));

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_WithoutStrategy_IsThePlainRunBeforeAndAfter(string settings)
    {
        string plain = TinyRun.Bits(TinyRun.Fit(Plain));

        TinyRun.Fit(With(settings));

        Assert.Equal(plain, TinyRun.Bits(TinyRun.Fit(Plain)));
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_ProgressiveResizing_StaysFinite(string settings)
    {
        ProgressiveResizing halved = new()
        {
            StartFraction = 0.5,
            Until = 0.5,
            SizeMultiple = 4,
        };

        TrainingOutcome outcome = TinyRun.Fit(With(settings) with { Epochs = 2, ProgressiveResizing = halved });

        Assert.Equal(TrainingEnd.Completed, outcome.End);
        StrategySettings.AssertFinite(outcome);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_AnySettings_LeavesNoTensor(string settings)
    {
        TrainingRecipe recipe = With(settings);
        TinyRun.Fit(recipe);

        SerialTests.AssertLeavesNoTensors(() => TinyRun.Fit(recipe), making: () => TinyRun.MakeParts(recipe));
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_AnySettings_GivesADifferentModelWithTheSameTensors(string settings)
    {
        // Enough steps that random operations happen at least once, and a learning rate small enough for loss weights of 1000.
        TrainingOutcome plain = TinyRun.Fit(Plain with { Epochs = 5, LearningRate = 1e-3 });
        TrainingOutcome trained = TinyRun.Fit(With(settings) with { Epochs = 5, LearningRate = 1e-3 });

        // Exits that predict are part of the model, after all other tensors.
        Assert.Equal(
            plain.Weights.Tensors.Select(tensor => tensor.Name),
            trained.Weights.Tensors.Select(tensor => tensor.Name).Where(name => !name.StartsWith("exits.", StringComparison.Ordinal))
        );
        // With a probability of 0.001, none of the fifteen batches may be changed.
        if (!settings.Contains("Probability=0.001", StringComparison.Ordinal))
        {
            Assert.NotEqual(TinyRun.Bits(plain), TinyRun.Bits(trained));
        }
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Fit_InvalidSettings_AreRejectedBeforeTheFirstStep(string settings) =>
        Assert.Throws<ArgumentException>(() => TinyRun.Fit(With(settings), progress: _ => Assert.Fail("A step was run.")));

    [Fact]
    public void Catalog_EveryKey_MakesAStrategyOfThatKey() => Assert.All(StrategyCatalog.Keys, key => Assert.Equal(key, StrategyCatalog.Create(key).Key));

    [Theory]
    [MemberData(nameof(Valid))]
    public void Describe_AnySettings_AreInTheManifestWithTheirKey(string settings)
    {
        JsonElement strategy = ModelManifest.Describe(With(settings)).GetProperty("strategies")[0];

        Assert.Equal(settings.Split(' ')[0], strategy.GetProperty("key").GetString());
        // Only settings.
        Assert.Equal(StrategySettings.Create(settings).GetType().GetProperties().Count(property => property.CanWrite) + 1, strategy.EnumerateObject().Count());
    }

    [Fact]
    public void Fit_TreeSupervisionWithoutAHierarchy_SaysHowToCreateOne() =>
        Assert.Contains(
            "ClassHierarchy.Induce",
            Assert.Throws<ArgumentException>(() => TinyRun.Fit(Plain with { Strategies = [new TreeSupervision()] })).Message
        );

    [Fact]
    public void Catalog_UnknownKey_ListsKnownKeys() =>
        Assert.Contains("feature-mining", Assert.Throws<ArgumentException>(() => StrategyCatalog.Create("nothing")).Message);

    private static TrainingRecipe With(string settings) => Plain with { Strategies = [StrategySettings.Create(settings)] };
}
