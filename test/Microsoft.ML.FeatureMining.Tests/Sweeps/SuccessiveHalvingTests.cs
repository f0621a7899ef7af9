using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML.FeatureMining.Tests.Sweeps;

/// <summary>Promotions by algorithm 2 of Li et al. 2020.</summary>
public sealed class SuccessiveHalvingTests
{
    [Theory]
    [InlineData(1, 3, 27, new[] { 1, 3, 9, 27 })]
    [InlineData(1, 3, 30, new[] { 1, 3, 9, 27, 30 })]
    [InlineData(4, 2, 10, new[] { 4, 8, 10 })]
    [InlineData(5, 3, 5, new[] { 5 })]
    [InlineData(9, 3, 5, new[] { 5 })]
    public void Rungs_Epochs_GrowByTheReduction(int min, int reduction, int epochs, int[] expected) =>
        Assert.Equal(expected, new SuccessiveHalving { MinEpochs = min, Reduction = reduction }.Rungs(epochs));

    [Fact]
    public void Promotion_NineTrials_PromotesThreeAndThenOne()
    {
        SuccessiveHalving halving = new() { MinEpochs = 1, Reduction = 3 };
        List<SweepTrial> trials = [.. Enumerable.Range(0, 9).Select(number => Trial(number, TrialState.Paused, 1, score: number))];
        List<(int, int)> promoted = [];

        while (halving.Promotion(trials, epochs: 9, _ => true) is var (trial, until))
        {
            promoted.Add((trial.Number, until));
            trials[trial.Number] = Trial(trial.Number, until == 9 ? TrialState.Completed : TrialState.Paused, until, trial.Number);
        }

        // From the highest possible rung: after three promotions, the best of the three is promoted.
        Assert.Equal([(8, 3), (7, 3), (6, 3), (8, 9)], promoted);
    }

    [Fact]
    public void Promotion_FewerTrialsThanTheReduction_IsNull() =>
        Assert.Null(new SuccessiveHalving().Promotion([Trial(0, TrialState.Paused, 1, 0.9), Trial(1, TrialState.Paused, 1, 0.8)], epochs: 9, _ => true));

    [Fact]
    public void Promotion_FailedAndInterrupted_DoNotCount()
    {
        SweepTrial[] trials =
        [
            Trial(0, TrialState.Paused, 1, 0.1),
            Trial(1, TrialState.Failed, 1, 0.9),
            Trial(2, TrialState.Interrupted, 1, 0.8),
            Trial(3, TrialState.Paused, 1, 0.2),
        ];

        Assert.Null(new SuccessiveHalving().Promotion(trials, epochs: 9, _ => true));
        Assert.Equal(3, new SuccessiveHalving().Promotion([.. trials, Trial(4, TrialState.Completed, 1, 0.05)], epochs: 9, _ => true)?.Trial.Number);
    }

    [Fact]
    public void Promotion_AnyScores_OnlyTheBestArePromoted() =>
        PropertyAssert.Holds(
            Prop.ForAll(
                ArbMap.Default.ArbFor<(byte[] Scores, byte Reduction)>(),
                drawn =>
                {
                    SuccessiveHalving halving = new() { Reduction = 2 + drawn.Reduction % 3 };
                    const int Epochs = 40;
                    int[] rungs = halving.Rungs(Epochs);
                    List<SweepTrial> trials = [];
                    bool sound = true;
                    foreach (byte score in drawn.Scores)
                    {
                        trials.Add(Trial(trials.Count, TrialState.Paused, 1, score));
                        while (halving.Promotion(trials, Epochs, _ => true) is var (trial, until))
                        {
                            int k = Array.IndexOf(rungs, until);
                            sound &=
                                !trial.HasReached(until)
                                && trial.HasReached(rungs[k - 1])
                                && trials.Count(other => other.HasReached(rungs[k - 1]) && other.Curve[0].Score > trial.Curve[0].Score)
                                    < trials.Count(other => other.HasReached(rungs[k - 1])) / halving.Reduction;
                            trials[trial.Number] = Trial(trial.Number, until == Epochs ? TrialState.Completed : TrialState.Paused, until, trial.Curve[0].Score);
                        }
                    }

                    int[] reached = [.. rungs.Select(rung => trials.Count(trial => trial.HasReached(rung)))];
                    // All trials that qualify were promoted. Some promoted trials may no longer qualify, because better ones came later.
                    return sound
                        && reached[0] == trials.Count
                        && reached.Zip(reached.Skip(1), (below, above) => above >= below / halving.Reduction && above <= below).All(holds => holds);
                }
            )
        );

    private static SweepTrial Trial(int number, TrialState state, int epochs, double score) =>
        new(number, []) { State = state, Curve = [.. Enumerable.Range(1, epochs).Select(epoch => new TrialEpoch(epoch, score))] };
}
