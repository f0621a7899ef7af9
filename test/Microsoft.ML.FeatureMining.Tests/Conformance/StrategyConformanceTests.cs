using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;

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
        Assert.All(outcome.Weights.Tensors.Where(tensor => tensor.Bytes.Length % 4 == 0 && tensor.Type == TorchSharp.torch.ScalarType.Float32), tensor =>
            Assert.All(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray(), value => Assert.True(float.IsFinite(value))));
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
    public void Fit_StoppedWithinAnEpoch_GoesOnToTheSameBits(string settings)
    {
        TrainingRecipe recipe = With(settings) with { Epochs = 2 };
        MemoryStore store = new();
        int asked = 0;
        TinyRun.Fit(recipe, checkpoints: store, cancelled: () => asked++ == 4);

        Assert.Equal(TinyRun.Bits(TinyRun.Fit(recipe)), TinyRun.Bits(TinyRun.Fit(With(settings) with { Epochs = 2 }, checkpoints: store)));
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
        TrainingOutcome plain = TinyRun.Fit(Plain);
        TrainingOutcome trained = TinyRun.Fit(With(settings));

        Assert.Equal(plain.Weights.Tensors.Select(tensor => tensor.Name), trained.Weights.Tensors.Select(tensor => tensor.Name));
        Assert.NotEqual(TinyRun.Bits(plain), TinyRun.Bits(trained));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void Fit_SettingsWithAProblem_AreRefusedBeforeTheFirstStep(string settings) =>
        Assert.Throws<ArgumentException>(() => TinyRun.Fit(With(settings), progress: _ => Assert.Fail("A step was run.")));

    [Fact]
    public void Catalog_EveryKey_MakesAStrategyOfThatKey() =>
        Assert.All(StrategyCatalog.Keys, key => Assert.Equal(key, StrategyCatalog.Create(key).Key));

    [Fact]
    public void Catalog_UnknownKey_SaysWhatThereIs() =>
        Assert.Contains("feature-mining", Assert.Throws<ArgumentException>(() => StrategyCatalog.Create("nothing")).Message);

    private static TrainingRecipe With(string settings) => Plain with { Strategies = [StrategySettings.Create(settings)] };
}
