using System.Text.Json;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Requirements for every optimizer in the catalog, with default and with extreme settings.</summary>
[Collection(nameof(SerialTests))]
public sealed class OptimizerConformanceTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Plain = TinyRun.Recipe with { Epochs = 1, ReportEverySteps = 1, LearningRate = 1e-3 };

    public static TheoryData<string> Valid { get; } =
    [.. OptimizerCatalog.Keys.SelectMany(key => Changes(key).Prepend(key)).Where(settings => PartProblems.Of(Create(settings)).Count == 0)];

    public static TheoryData<string> Invalid { get; } =
    [.. OptimizerCatalog.Keys.SelectMany(Changes).Where(settings => PartProblems.Of(Create(settings)).Count > 0)];

    public static TheoryData<string> Keys { get; } = [.. OptimizerCatalog.Keys];

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_StoppedWithinAnEpochAndResumed_IsBitIdentical(string settings) => Interruption.AssertResumesBitIdentically(With(settings));

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_AnySettings_StaysFiniteAndLeavesNoTensor(string settings)
    {
        TrainingRecipe recipe = With(settings);
        string first = TinyRun.Bits(TinyRun.Fit(recipe));
        TrainingOutcome? second = null;

        SerialTests.AssertLeavesNoTensors(() => second = TinyRun.Fit(recipe), making: () => TinyRun.MakeParts(recipe));

        Assert.Equal(first, TinyRun.Bits(second!));
        StrategySettings.AssertFinite(second!);
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Fit_Defaults_LearnsTheBands(string key)
    {
        TrainingOutcome outcome = TinyRun.Fit(
            TinyRun.Recipe with
            {
                Epochs = 15,
                LearningRate = 0.01,
                Optimizer = OptimizerCatalog.Create(key),
            },
            TinyData.Bands(40)
        );

        Assert.True(outcome.History[^1].TrainAccuracy > 0.9, $"The accuracy is {outcome.History[^1].TrainAccuracy}.");
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Fit_InvalidSettings_AreRejectedBeforeTheFirstStep(string settings) =>
        Assert.Throws<ArgumentException>(() => TinyRun.Fit(With(settings), progress: _ => Assert.Fail("A step was run.")));

    [Theory]
    [MemberData(nameof(Valid))]
    public void Json_AnySettings_RoundTrip(string settings)
    {
        Optimizer optimizer = Create(settings);

        string text = JsonSerializer.Serialize(optimizer);

        Assert.Contains($"\"Key\":\"{optimizer.Key}\"", text);
        Assert.Equal(optimizer, JsonSerializer.Deserialize<Optimizer>(text));
        Assert.Equal(optimizer.Key, ModelManifest.Describe(With(settings)).GetProperty("optimizer").GetProperty("key").GetString());
    }

    [Fact]
    public void Fit_AnotherMomentum_ChangesTheRun() =>
        Assert.NotEqual(TinyRun.Bits(TinyRun.Fit(Plain)), TinyRun.Bits(TinyRun.Fit(Plain with { Optimizer = new SgdOptimizer { Momentum = 0.8 } })));

    [Fact]
    public void Catalog_UnknownKey_ListsKnownKeys() =>
        Assert.Contains("rmsprop-tf", Assert.Throws<ArgumentException>(() => OptimizerCatalog.Create("nothing")).Message);

    private static TrainingRecipe With(string settings) => Plain with { Optimizer = Create(settings) };

    private static IEnumerable<string> Changes(string key) => Settings.Changes(OptimizerCatalog.Create(key)).Select(change => $"{key} {change}");

    private static Optimizer Create(string settings)
    {
        string[] parts = settings.Split(' ');
        // A copy, so that the objects of the catalog do not change.
        return parts.Length > 1 ? Settings.Change(OptimizerCatalog.Create(parts[0]) with { }, parts[1]) : OptimizerCatalog.Create(parts[0]);
    }
}
