using System.Text.Json;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>What every strategy of the catalog must do, at its defaults and far from them; a new entry is tested from the day that it is there.</summary>
[Collection(nameof(Alone))]
public sealed class StrategyConformanceTests : IClassFixture<OneThread>
{
    private static readonly TrainingRecipe Plain = TinyRun.Recipe with { Epochs = 1, ReportEverySteps = 1 };

    public static TheoryData<string> Allowed { get; } = [.. StrategyCatalog.Keys.SelectMany(StrategySettings.Allowed)];

    public static TheoryData<string> Refused { get; } = [.. StrategyCatalog.Keys.SelectMany(StrategySettings.Refused)];

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Fit_AnySettings_StaysFinite(string settings)
    {
        TrainingOutcome outcome = TinyRun.Fit(With(settings));

        Assert.Equal(TrainingEnd.Completed, outcome.End);
        StrategySettings.AssertFinite(outcome);
    }

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Fit_SecondTimeWithTheSameStrategy_IsAFreshFit(string settings)
    {
        TrainingRecipe recipe = With(settings);
        string first = TinyRun.Bits(TinyRun.Fit(recipe));

        Assert.Equal(first, TinyRun.Bits(TinyRun.Fit(recipe)));
        Assert.Equal(first, TinyRun.Bits(TinyRun.Fit(With(settings))));
        Assert.NotEqual(first, TinyRun.Bits(TinyRun.Fit(recipe with { Seed = 2 })));
    }

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Fit_StoppedWithinAnEpoch_GoesOnToTheSameBits(string settings) => Interruption.AssertResumesBitIdentically(With(settings));

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Fit_WithoutIt_IsThePlainRunBeforeAndAfter(string settings)
    {
        string plain = TinyRun.Bits(TinyRun.Fit(Plain));

        TinyRun.Fit(With(settings));

        Assert.Equal(plain, TinyRun.Bits(TinyRun.Fit(Plain)));
    }

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Fit_AnySettings_LeavesNoTensor(string settings)
    {
        TrainingRecipe recipe = With(settings);
        TinyRun.Fit(recipe);

        Alone.AssertLeavesNothing(() => TinyRun.Fit(recipe), making: () => TinyRun.MakeParts(recipe));
    }

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Fit_AnySettings_GivesAnotherModelOfTheSameForm(string settings)
    {
        // Enough steps for what is left to chance in each, and small enough ones for weights of a thousand.
        TrainingOutcome plain = TinyRun.Fit(Plain with { Epochs = 5, LearningRate = 1e-3 });
        TrainingOutcome trained = TinyRun.Fit(With(settings) with { Epochs = 5, LearningRate = 1e-3 });

        // Exits that predict are a part of the model, behind all else.
        Assert.Equal(plain.Weights.Tensors.Select(tensor => tensor.Name), trained.Weights.Tensors.Select(tensor => tensor.Name).Where(name => !name.StartsWith("exits.", StringComparison.Ordinal)));
        // What acts once in a thousand batches may leave fifteen as they are.
        if (!settings.Contains("Probability=0.001", StringComparison.Ordinal))
        {
            Assert.NotEqual(TinyRun.Bits(plain), TinyRun.Bits(trained));
        }
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Fit_SettingsWithAProblem_AreRefusedBeforeTheFirstStep(string settings) =>
        Assert.Throws<ArgumentException>(() => TinyRun.Fit(With(settings), progress: _ => Assert.Fail("A step was run.")));

    [Fact]
    public void Catalog_EveryKey_MakesAStrategyOfThatKey() =>
        Assert.All(StrategyCatalog.Keys, key => Assert.Equal(key, StrategyCatalog.Create(key).Key));

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Describe_AnySettings_AreInTheManifestWithTheirKey(string settings)
    {
        JsonElement strategy = ArtifactManifest.Describe(With(settings)).GetProperty("strategies")[0];

        Assert.Equal(settings.Split(' ')[0], strategy.GetProperty("key").GetString());
        // Settings and nothing else.
        Assert.Equal(StrategySettings.Create(settings).GetType().GetProperties().Count(property => property.CanWrite) + 1, strategy.EnumerateObject().Count());
    }

    [Fact]
    public void Fit_TreeSupervisionWithoutAHierarchy_IsRefusedWithWhatToDo() => Assert.Contains("ClassHierarchy.Induce",
        Assert.Throws<ArgumentException>(() => TinyRun.Fit(Plain with { Strategies = [new TreeSupervision()] })).Message);

    [Fact]
    public void Catalog_UnknownKey_SaysWhatThereIs() =>
        Assert.Contains("feature-mining", Assert.Throws<ArgumentException>(() => StrategyCatalog.Create("nothing")).Message);

    private static TrainingRecipe With(string settings) => Plain with { Strategies = [StrategySettings.Create(settings)] };
}
