using FsCheck;
using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Tests.Conformance;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Microsoft.ML.FeatureMining.Tests.Training;

public sealed class ScheduleTests
{
    private static readonly TrainingRecipe Paper = TinyRun.Recipe with { Epochs = 300, LearningRate = 0.1 };

    [Theory]
    [InlineData(0, 0, 0.1)]
    [InlineData(149, 390, 0.1)]
    [InlineData(150, 0, 0.01)]
    [InlineData(224, 390, 0.01)]
    [InlineData(225, 0, 0.001)]
    [InlineData(299, 390, 0.001)]
    public void At_StepSchedule_DropsAtThePapersEpochs(int epoch, int step, double rate) =>
        Assert.Equal(rate, new LearningRatePlan(Paper, 391).At(new TrainingClock(epoch, 300, step, 391)), 1e-12);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.25, 0.85355339059327373)]
    [InlineData(0.5, 0.5)]
    [InlineData(0.75, 0.14644660940672624)]
    public void Factor_Cosine_IsHalfACosine(double progress, double factor)
    {
        Assert.Equal(factor, new CosineSchedule().Factor(progress), 1e-12);
        Assert.Equal(0.1 + 0.9 * factor, new CosineSchedule { FinalFactor = 0.1 }.Factor(progress), 1e-12);
    }

    [Fact]
    public void Factor_OneCycle_MatchesPyTorch()
    {
        // PyTorch's rate peaks at step 299 of 999 and reaches its final value at the last step; ours reaches it at the end of that step.
        double[] factors = new GoldenTensors("losses", "losses.safetensors").Doubles("schedule/one-cycle");
        OneCycleSchedule schedule = new() { RisingShare = 299.0 / 999 };

        Assert.All(Enumerable.Range(0, 1000), step => Assert.Equal(factors[step], schedule.Factor(step / 999.0), 1e-9));
    }

    [Fact]
    public void Factor_Polynomial_MatchesPyTorch()
    {
        double[] factors = new GoldenTensors("losses", "losses.safetensors").Doubles("schedule/polynomial");

        Assert.All(Enumerable.Range(0, 1000), step => Assert.Equal(factors[step], new PolynomialSchedule { Power = 2 }.Factor(step / 1000.0), 1e-9));
        Assert.Equal(0.1 + 0.9 * factors[300], new PolynomialSchedule { Power = 2, FinalFactor = 0.1 }.Factor(0.3), 1e-9);
    }

    [Fact]
    public void Problems_PolynomialAndOneCycleOutOfRange_AreListed()
    {
        Assert.Equal(2, PartProblems.Of(new PolynomialSchedule { Power = 0, FinalFactor = 2 }).Count);
        Assert.Equal(
            3,
            PartProblems
                .Of(
                    new OneCycleSchedule
                    {
                        RisingShare = 1,
                        InitialFactor = 0,
                        FinalFactor = double.NaN,
                    }
                )
                .Count
        );
        Assert.Empty(PartProblems.Of(new PolynomialSchedule()).Concat(PartProblems.Of(new OneCycleSchedule())));
    }

    [Theory]
    [InlineData(0, 0.0001)]
    [InlineData(1, 0.02008)]
    [InlineData(4, 0.08002)]
    [InlineData(5, 0.1)]
    [InlineData(6, 0.0975528258147577)]
    [InlineData(14, 0.00244717418524233)]
    public void At_WarmupAndCosine_RisesFromAThousandthThenDecays(int step, double rate)
    {
        // Five steps per epoch: one epoch of warm-up, two of cosine.
        TrainingRecipe recipe = TinyRun.Recipe with
        {
            Epochs = 3,
            LearningRate = 0.1,
            WarmupEpochs = 1,
            Schedule = new CosineSchedule(),
        };

        Assert.Equal(rate, new LearningRatePlan(recipe, 5).At(new TrainingClock(step / 5, 3, step % 5, 5)), 1e-12);
    }

    [Fact]
    public void At_AnySchedule_StaysWithinTheBaseRateAndDecaysAfterTheWarmup() =>
        PropertyAssert.Holds(
            Prop.ForAll<PositiveInt, PositiveInt, bool>(
                (epochs, steps, cosine) =>
                {
                    int count = 1 + epochs.Get % 20;
                    int perEpoch = 1 + steps.Get % 30;
                    double warmup = count / 3.0;
                    LearningRateSchedule schedule = cosine ? new CosineSchedule { FinalFactor = 0.01 } : new StepSchedule();
                    LearningRatePlan plan = new(
                        TinyRun.Recipe with
                        {
                            Epochs = count,
                            LearningRate = 0.3,
                            WarmupEpochs = warmup,
                            Schedule = schedule,
                        },
                        perEpoch
                    );
                    double[] rates =
                    [
                        .. Enumerable.Range(0, count * perEpoch).Select(i => plan.At(new TrainingClock(i / perEpoch, count, i % perEpoch, perEpoch))),
                    ];
                    int top = Math.Min((int)Math.Ceiling(warmup * perEpoch), rates.Length - 1);
                    return rates.All(rate => rate is > 0 and <= 0.3 + 1e-12)
                        && rates.Take(top).Zip(rates.Take(top).Skip(1)).All(pair => pair.First < pair.Second)
                        && rates.Skip(top).Zip(rates.Skip(top + 1)).All(pair => pair.First >= pair.Second);
                }
            )
        );

    [Fact]
    public void Problems_InvalidSettings_AreListed()
    {
        Assert.Empty(PartProblems.Of(new StepSchedule()));
        Assert.Empty(PartProblems.Of(new CosineSchedule()));
        Assert.Equal(2, PartProblems.Of(new StepSchedule { Milestones = [0.5, 1], Gamma = 0 }).Count);
        Assert.Single(PartProblems.Of(new CosineSchedule { FinalFactor = double.NaN }));
    }

    [Fact]
    public void Fit_ReportedRates_MatchTheSchedule()
    {
        TrainingRecipe recipe = TinyRun.Recipe with { ReportEverySteps = 1, WarmupEpochs = 0.5, Schedule = new CosineSchedule() };
        List<double> reported = [];

        TinyRun.Fit(recipe, progress: report => reported.Add(report.LearningRate));

        LearningRatePlan plan = new(recipe, 3);
        Assert.Equal(Enumerable.Range(0, 6).Select(i => plan.At(new TrainingClock(i / 3, 2, i % 3, 3))), reported);
    }
}
