using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML.FeatureMining.Tests.Sweeps;

/// <summary>Compares the TPE sampler with random search at the same budget, on a score with a known optimum.</summary>
public sealed class SearchComparisonTests
{
    private const int Repeats = 10;
    private const int Trials = 50;

    private static readonly SweepParameter[] Parameters =
    [
        new NumberParameter("rate", 1e-4, 1, logarithmic: true),
        new NumberParameter("decay", 1e-6, 1e-2, logarithmic: true),
        new NumberParameter("momentum", 0.8, 0.99),
        new NumberParameter("smoothing", 0, 0.3),
        new ChoiceParameter("batch", 32, 64, 128, 256),
    ];

    [Fact]
    public void TreeParzen_TenRepeats_ComesCloserThanRandom()
    {
        double[] random = [.. Enumerable.Range(0, Repeats).Select(seed => Regret(new RandomSampler(Parameters.Length, seed)))];
        double[] model = [.. Enumerable.Range(0, Repeats).Select(seed => Regret(new TreeParzenSampler(Parameters, seed)))];

        Assert.True(model.Average() < 0.6 * random.Average(), $"Regret {model.Average():f4} of the model, {random.Average():f4} at random.");
        Assert.True(model.Zip(random).Count(pair => pair.First < pair.Second) >= 8);
    }

    // The distance of the best score from the optimum, 1.
    private static double Regret(ISampler sampler)
    {
        List<(double[] Positions, double Score)> trials = [];
        for (int trial = 0; trial < Trials; trial++)
        {
            double[] positions = sampler.Next(trial, [.. trials.OrderByDescending(entry => entry.Score).Select(entry => entry.Positions)])!;
            trials.Add((positions, Score([.. Parameters.Zip(positions, (parameter, position) => parameter.ValueAt(position))])));
        }

        return 1 - trials.Max(entry => entry.Score);
    }

    // Resembles an accuracy as a function of settings: learning rate and weight decay interact, the others are independent.
    private static double Score(object[] values)
    {
        (double rate, double decay, double momentum, double smoothing) = ((double)values[0], (double)values[1], (double)values[2], (double)values[3]);
        double along = Math.Log10(rate) + 1.5;
        double across = Math.Log10(rate * decay) + 5.5;
        double batch = values[4] switch
        {
            64 => 0,
            128 => 0.03,
            32 => 0.05,
            _ => 0.1,
        };
        return 1 - 0.1 * along * along - 0.05 * across * across - 20 * Math.Pow(momentum - 0.93, 2) - 5 * Math.Pow(smoothing - 0.08, 2) - batch;
    }
}
