using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML.FeatureMining.Tests.Sweeps;

public sealed class SamplerTests
{
    private static readonly SweepParameter[] Parameters =
    [
        new NumberParameter("rate", 1e-4, 1, logarithmic: true),
        new NumberParameter("smoothing", 0, 0.3),
        new ChoiceParameter("batch", 32, 64, 128),
        new NumberParameter("stages", 0, 3, wholeNumber: true),
    ];

    [Fact]
    public void Grid_AllTrials_AreAllCombinationsOnce()
    {
        GridSampler sampler = new(Parameters, steps: 3, seed: 1);

        string[] tried = [.. Enumerable.Range(0, 81).Select(trial => string.Join(' ', Values(sampler.Next(trial, [])!)))];

        Assert.Equal(81, tried.Distinct().Count());
        Assert.Null(sampler.Next(81, []));
        Assert.All(tried, text => Assert.Contains(text.Split(' ')[0], (string[])["0.0001", "0.01", "1"]));
        Assert.NotEqual(tried, Enumerable.Range(0, 81).Select(trial => string.Join(' ', Values(new GridSampler(Parameters, 3, seed: 2).Next(trial, [])!))));
    }

    [Fact]
    public void Grid_TooLarge_IsRejected() => Assert.Throws<ArgumentException>(() => new GridSampler(Parameters, steps: 1000, seed: 1));

    [Fact]
    public void Random_ManyTrials_AreUniformAndIndependent()
    {
        RandomSampler sampler = new(2, seed: 1);

        double[][] positions = [.. Enumerable.Range(0, 4000).Select(trial => sampler.Next(trial, []))];

        // Five standard deviations of a mean of 4000: 5 sqrt(1 / 12 / 4000), of the product 5 sqrt(7 / 144 / 4000).
        Assert.All(Enumerable.Range(0, 2), i => Assert.Equal(0.5, positions.Average(position => position[i]), 0.023));
        Assert.Equal(0.25, positions.Average(position => position[0] * position[1]), 0.018);
        Assert.Equal(1 / 3.0, positions.Average(position => position[0] * position[0]), 0.024);
        Assert.Equal(positions[17], sampler.Next(17, []));
    }

    [Fact]
    public void TreeParzen_FirstTrials_AreRandom()
    {
        TreeParzenSampler sampler = new(Parameters, seed: 3);
        RandomSampler random = new(Parameters.Length, seed: 3);

        Assert.All(
            Enumerable.Range(0, TreeParzenSampler.RandomTrials),
            trial => Assert.Equal(random.Next(trial, []), sampler.Next(trial, [.. Enumerable.Range(0, trial).Select(earlier => random.Next(earlier, []))]))
        );
    }

    [Fact]
    public void TreeParzen_GoodTrialsInOneCorner_SamplesThere()
    {
        RandomStream random = new(1, "history");
        // The best trials have a large rate, batch size 64 (position 0.5) and three stages (position 0.875).
        double[][] ranked =
        [
            .. Enumerable
                .Range(0, 60)
                .Select(i =>
                    i < 9
                        ? new[] { 0.9 + 0.01 * i, random.NextDouble(), 0.5, 0.875 }
                        : [0.8 * random.NextDouble(), random.NextDouble(), i % 2 == 0 ? 1 / 6.0 : 5 / 6.0, 0.125 + 0.25 * (i % 3)]
                ),
        ];
        TreeParzenSampler sampler = new(Parameters, seed: 1);

        double[][] next = [.. Enumerable.Range(60, 40).Select(trial => sampler.Next(trial, ranked))];

        Assert.All(next, positions => Assert.All(positions, position => Assert.InRange(position, 0, Math.BitDecrement(1.0))));
        Assert.All(next, positions => Assert.True(positions[0] > 0.75));
        Assert.All(next, positions => Assert.Equal(64, Parameters[2].ValueAt(positions[2])));
        Assert.All(next, positions => Assert.Equal(3.0, Parameters[3].ValueAt(positions[3])));
        Assert.Equal(next[5], new TreeParzenSampler(Parameters, seed: 1).Next(65, ranked));
        Assert.NotEqual(next[5], new TreeParzenSampler(Parameters, seed: 2).Next(65, ranked));
    }

    [Fact]
    public void Parzen_NoPositions_IsUniform() => Assert.Equal(1, new ParzenDensity([]).Density(0.3));

    [Fact]
    public void Parzen_OnePositionInTheMiddle_IsHalfUniformHalfNormal()
    {
        // The standard deviation is the distance to the ends, 0.5. The mass between the ends is 0.6826895.
        double expected = 0.5 * (1 + Math.Exp(-0.5 * 0.4 * 0.4) / Math.Sqrt(2 * Math.PI) / (0.5 * 0.6826895));

        Assert.Equal(expected, new ParzenDensity([0.5]).Density(0.7), 6);
    }

    [Fact]
    public void Parzen_AnyPositions_IntegratesToOneAndSamplesItself() =>
        PropertyAssert.Holds(
            Prop.ForAll(
                ArbMap.Default.ArbFor<ushort[]>(),
                drawn =>
                {
                    ParzenDensity density = new([.. drawn.Select(value => value / 65536.0)]);
                    double[] middles = [.. Enumerable.Range(0, 4000).Select(i => (i + 0.5) / 4000)];
                    double mean = middles.Average(position => position * density.Density(position));
                    RandomStream random = new(1, "draws");
                    double[] positions = [.. Enumerable.Range(0, 2000).Select(_ => density.Sample(random))];
                    // Five standard deviations of the mean of 2000 numbers in [0, 1].
                    return Math.Abs(middles.Average(density.Density) - 1) < 1e-4
                        && positions.All(position => position is >= 0 and < 1)
                        && Math.Abs(positions.Average() - mean) < 5 * 0.5 / Math.Sqrt(2000);
                }
            ),
            cases: 30
        );

    [Fact]
    public void Categorical_Probabilities_AreCountsPlusOne()
    {
        CategoricalDensity density = new(4, [0.1, 0.1, 0.9]);
        RandomStream random = new(1, "draws");

        double[] drawn = [.. Enumerable.Range(0, 7000).Select(_ => density.Sample(random))];

        Assert.Equal([3 / 7.0, 1 / 7.0, 1 / 7.0, 2 / 7.0], new[] { 0.125, 0.375, 0.625, 0.875 }.Select(position => density.Density(position) / 4));
        Assert.Equal(3000, drawn.Count(position => position == 0.125), 210.0);
        Assert.Equal(2000, drawn.Count(position => position == 0.875), 190.0);
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 0.8413447461)]
    [InlineData(-1.959963985, 0.025)]
    [InlineData(4, 0.9999683288)]
    public void NormalDistribution_Cdf_MatchesTables(double x, double expected) => Assert.Equal(expected, NormalDistribution.Cdf(x), 1e-7);

    private static IEnumerable<object> Values(double[] positions) =>
        Parameters.Zip(positions, (parameter, position) => SweepTable.Text(parameter.ValueAt(position)));
}
