using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Sweeps;

namespace Microsoft.ML.FeatureMining.Tests.Sweeps;

public sealed class SamplerTests
{
    private static readonly SweepParameter[] Parameters =
        [new NumberParameter("rate", 1e-4, 1, logarithmic: true), new NumberParameter("smoothing", 0, 0.3), new ChoiceParameter("batch", 32, 64, 128), new NumberParameter("stages", 0, 3, wholeNumber: true)];

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
    public void Grid_TooLarge_IsRefused() => Assert.Throws<ArgumentException>(() => new GridSampler(Parameters, steps: 1000, seed: 1));

    [Fact]
    public void Random_ManyTrials_AreUniformAndIndependent()
    {
        RandomSampler sampler = new(2, seed: 1);

        double[][] places = [.. Enumerable.Range(0, 4000).Select(trial => sampler.Next(trial, []))];

        // Five standard deviations of a mean of 4000: 5 sqrt(1 / 12 / 4000), of the product 5 sqrt(7 / 144 / 4000).
        Assert.All(Enumerable.Range(0, 2), i => Assert.Equal(0.5, places.Average(place => place[i]), 0.023));
        Assert.Equal(0.25, places.Average(place => place[0] * place[1]), 0.018);
        Assert.Equal(1 / 3.0, places.Average(place => place[0] * place[0]), 0.024);
        Assert.Equal(places[17], sampler.Next(17, []));
    }

    [Fact]
    public void TreeParzen_FirstTrials_AreRandom()
    {
        TreeParzenSampler sampler = new(Parameters, seed: 3);
        RandomSampler random = new(Parameters.Length, seed: 3);

        Assert.All(Enumerable.Range(0, TreeParzenSampler.RandomTrials), trial =>
            Assert.Equal(random.Next(trial, []), sampler.Next(trial, [.. Enumerable.Range(0, trial).Select(earlier => random.Next(earlier, []))])));
    }

    [Fact]
    public void TreeParzen_GoodTrialsInOneCorner_IsDrawnThere()
    {
        RandomStream random = new(1, "history");
        // The best: a large rate, batch 64 (place 0.5), three stages (place 0.875).
        double[][] ranked = [.. Enumerable.Range(0, 60).Select(i => i < 9
            ? new[] { 0.9 + 0.01 * i, random.NextDouble(), 0.5, 0.875 }
            : [0.8 * random.NextDouble(), random.NextDouble(), i % 2 == 0 ? 1 / 6.0 : 5 / 6.0, 0.125 + 0.25 * (i % 3)])];
        TreeParzenSampler sampler = new(Parameters, seed: 1);

        double[][] next = [.. Enumerable.Range(60, 40).Select(trial => sampler.Next(trial, ranked))];

        Assert.All(next, places => Assert.All(places, place => Assert.InRange(place, 0, Math.BitDecrement(1.0))));
        Assert.All(next, places => Assert.True(places[0] > 0.75));
        Assert.All(next, places => Assert.Equal(64, Parameters[2].At(places[2])));
        Assert.All(next, places => Assert.Equal(3.0, Parameters[3].At(places[3])));
        Assert.Equal(next[5], new TreeParzenSampler(Parameters, seed: 1).Next(65, ranked));
        Assert.NotEqual(next[5], new TreeParzenSampler(Parameters, seed: 2).Next(65, ranked));
    }

    [Fact]
    public void Parzen_NoPlaces_IsUniform() => Assert.Equal(1, new ParzenDensity([]).At(0.3));

    [Fact]
    public void Parzen_OnePlaceInTheMiddle_IsHalfUniformHalfNormal()
    {
        // The width is the distance to the ends, 0.5; between them lies a mass of 0.6826895.
        double expected = 0.5 * (1 + Math.Exp(-0.5 * 0.4 * 0.4) / Math.Sqrt(2 * Math.PI) / (0.5 * 0.6826895));

        Assert.Equal(expected, new ParzenDensity([0.5]).At(0.7), 6);
    }

    [Fact]
    public void Parzen_AnyPlaces_IntegratesToOneAndDrawsByItself() => PropertyAssert.Holds(Prop.ForAll(ArbMap.Default.ArbFor<ushort[]>(), drawn =>
    {
        ParzenDensity density = new([.. drawn.Select(value => value / 65536.0)]);
        double[] middles = [.. Enumerable.Range(0, 4000).Select(i => (i + 0.5) / 4000)];
        double mean = middles.Average(place => place * density.At(place));
        RandomStream random = new(1, "draws");
        double[] places = [.. Enumerable.Range(0, 2000).Select(_ => density.Draw(random))];
        // Five standard deviations of a mean of 2000 numbers of [0, 1].
        return Math.Abs(middles.Average(density.At) - 1) < 1e-4 && places.All(place => place is >= 0 and < 1) && Math.Abs(places.Average() - mean) < 5 * 0.5 / Math.Sqrt(2000);
    }), cases: 30);

    [Fact]
    public void Choice_CountsAndOneOfEach_AreItsShares()
    {
        ChoiceDensity density = new(4, [0.1, 0.1, 0.9]);
        RandomStream random = new(1, "draws");

        double[] drawn = [.. Enumerable.Range(0, 7000).Select(_ => density.Draw(random))];

        Assert.Equal([3 / 7.0, 1 / 7.0, 1 / 7.0, 2 / 7.0], new[] { 0.125, 0.375, 0.625, 0.875 }.Select(place => density.At(place) / 4));
        Assert.Equal(3000, drawn.Count(place => place == 0.125), 210.0);
        Assert.Equal(2000, drawn.Count(place => place == 0.875), 190.0);
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 0.8413447461)]
    [InlineData(-1.959963985, 0.025)]
    [InlineData(4, 0.9999683288)]
    public void NormalLaw_Below_IsTheTables(double x, double expected) => Assert.Equal(expected, NormalDistribution.Below(x), 1e-7);

    private static IEnumerable<object> Values(double[] places) => Parameters.Zip(places, (parameter, place) => SweepTable.Text(parameter.At(place)));
}
