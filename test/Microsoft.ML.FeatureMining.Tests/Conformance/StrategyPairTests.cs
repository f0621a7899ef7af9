using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Every pair of strategies in the catalog trains together, or is rejected with an error that names both.</summary>
[Collection(nameof(SerialTests))]
public sealed class StrategyPairTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Plain = TinyRun.Recipe with { Epochs = 1, ReportEverySteps = 1 };

    private static readonly HashSet<(string, string)> Incompatible =
    [
        ("cs-kd", "cutmix"),
        ("cs-kd", "mixup"),
        ("cs-kd", "intra-class-patch-swap"),
        ("cutmix", "intra-class-patch-swap"),
        ("intra-class-patch-swap", "mixup"),
    ];

    public static TheoryData<string> Pairs { get; } =
    [.. from one in StrategyCatalog.Keys from other in StrategyCatalog.Keys where string.CompareOrdinal(one, other) < 0 select $"{one} + {other}"];

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Fit_Both_IsFiniteReproducibleAndResumableOrIsRejected(string pair)
    {
        (string one, string other) = (pair.Split(" + ")[0], pair.Split(" + ")[1]);
        TrainingRecipe recipe = Plain with { Strategies = [StrategySettings.Create(one), StrategySettings.Create(other)] };
        if (Incompatible.Contains((one, other)))
        {
            string message = Assert.Throws<ArgumentException>(() => TinyRun.Fit(recipe, progress: _ => Assert.Fail("A step was run."))).Message;
            Assert.Contains($"'{one}'", message);
            Assert.Contains($"'{other}'", message);
            Assert.Contains("Remove one of them", message);
            return;
        }

        TrainingOutcome outcome = TinyRun.Fit(recipe);

        StrategySettings.AssertFinite(outcome);
        Interruption.AssertResumesBitIdentically(recipe);
        SerialTests.AssertLeavesNoTensors(
            () => Assert.Equal(TinyRun.Bits(outcome), TinyRun.Bits(TinyRun.Fit(recipe))),
            making: () => TinyRun.MakeParts(recipe)
        );
    }

    [Fact]
    public void Fit_AllCompatibleStrategies_IsFiniteAndDoesNotChangeThePlainRun()
    {
        string plain = TinyRun.Bits(TinyRun.Fit(Plain));

        StrategySettings.AssertFinite(
            TinyRun.Fit(Plain with { Strategies = [.. StrategyCatalog.Keys.Except(["cs-kd", "intra-class-patch-swap"]).Select(StrategySettings.Create)] })
        );

        Assert.Equal(plain, TinyRun.Bits(TinyRun.Fit(Plain)));
    }

    [Fact]
    public void Problems_TwoOwnStrategiesThatOrderImages_AreReportedOnce()
    {
        string problem = Assert.Single((Plain with { Strategies = [new Sorting("first"), new Sorting("second")] }).Problems());

        Assert.Contains("'first' and 'second' both set the order of the images", problem);
    }

    private sealed record Sorting(string key) : TrainingStrategy
    {
        public override string Key => key;

        protected internal override StrategyTraits Traits => StrategyTraits.OrdersImages;

        protected internal override StrategyRun Start(StrategyContext context) => new Run();

        private sealed class Run : StrategyRun;
    }
}
