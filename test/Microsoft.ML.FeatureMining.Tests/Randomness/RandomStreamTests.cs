using System.Buffers.Binary;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Tests.Randomness;

/// <summary>The expected values are printed by test/Goldens/make_random.py.</summary>
public sealed class RandomStreamTests
{
    [Theory]
    [InlineData(0, "shuffle", 0x7c59993ec2f4b695, 0x32224fbf4ba82874, 0xe8d63d051179717c, 0x43d3c15867188e95)]
    [InlineData(42, "weights", 0x228dd85dbf6c9c5d, 0x7b1bf340fe546165, 0x2ed8095ee484623c, 0x483e60c15bab1acd)]
    [InlineData(-1, "feature-mining", 0x2e072691abc93d1e, 0x3de118f0c8798972, 0x0cff6ecd8af42b33, 0x2f2d016263b701a5)]
    [InlineData(long.MaxValue, "", 0x7f43952254288df7, 0xd9b52a463beea17f, 0x5f03a15b90c7684d, 0x30dd0865bd25859f)]
    public void NextSeed_SeedAndName_GivesTheWordsOfXoshiro(long seed, string name, ulong first, ulong second, ulong third, ulong fourth)
    {
        RandomStream random = new(seed, name);

        Assert.Equal([(long)(first >> 1), (long)(second >> 1), (long)(third >> 1), (long)(fourth >> 1)], Enumerable.Range(0, 4).Select(_ => random.NextSeed()));
    }

    [Fact]
    public void EnterPart_AnyOrder_DrawsTheNumbersOfThePartAndContinuesAfterwards()
    {
        RandomStreams streams = new(5),
            others = new(5);
        RandomStream stream = streams["mixup"];
        long first = stream.NextSeed();

        Dictionary<(int, int), long> drawn = [];
        foreach ((int step, int part) in ((int, int)[])[(0, 1), (0, 2), (1, 1)])
        {
            using IDisposable entered = streams.EnterPart(step, part);
            drawn[(step, part)] = stream.NextSeed();
            streams["new in this part"].NextSeed();
        }

        Assert.Equal(4, drawn.Values.Append(first).Distinct().Count());
        Assert.Equal([first, stream.NextSeed()], [others["mixup"].NextSeed(), others["mixup"].NextSeed()]);
        Assert.Equal(streams["new in this part"].NextSeed(), others["new in this part"].NextSeed());
        using (others.EnterPart(1, 1))
        {
            Assert.Equal(drawn[(1, 1)], others["mixup"].NextSeed());
        }
    }

    [Fact]
    public void NextSeed_StateOneTwoThreeFour_GivesThePublishedSequence()
    {
        ulong[] published =
        [
            11520,
            0,
            1509978240,
            1215971899390074240,
            1216172134540287360,
            607988272756665600,
            16172922978634559625,
            8476171486693032832,
            10595114339597558777,
            2904607092377533576,
        ];
        RandomStream random = new(0, "") { State = (1, 2, 3, 4) };

        Assert.All(published, word => Assert.Equal((long)(word >> 1), random.NextSeed()));
    }

    [Theory]
    [InlineData(
        0,
        "shuffle",
        0.4857421663500243,
        0.38495511170073704,
        1043123358,
        new[] { 4, 1, 9, 2, 6, 8, 3, 7, 8, 6, 1, 5 },
        new[] { 1, 3, 6, 4, 0, 7, 9, 8, 5, 2 }
    )]
    [InlineData(
        42,
        "weights",
        0.13497688568843313,
        -0.5346395626064855,
        289860654,
        new[] { 1, 4, 1, 2, 1, 3, 5, 2, 3, 7, 5, 1 },
        new[] { 4, 3, 7, 8, 2, 1, 0, 9, 6, 5 }
    )]
    public void Draws_SeedAndName_GiveWhatPythonGives(long seed, string name, double uniform, double gaussian, int large, int[] digits, int[] permutation)
    {
        Assert.Equal(uniform, new RandomStream(seed, name).NextDouble());
        Assert.Equal(gaussian, new RandomStream(seed, name).NextGaussian(), 1e-14);
        Assert.Equal(large, new RandomStream(seed, name).NextInt(int.MaxValue));
        RandomStream random = new(seed, name);
        Assert.Equal(digits, digits.Select(_ => random.NextInt(10)));
        Assert.Equal(permutation, new RandomStream(seed, name).Permutation(10));
    }

    [Fact]
    public void NextInt_AnyBound_StaysBelowIt() =>
        PropertyAssert.Holds(
            Prop.ForAll<long, PositiveInt>(
                (seed, bound) =>
                {
                    RandomStream random = new(seed, "test");
                    return Enumerable.Range(0, 50).All(_ => random.NextInt(bound.Get) is int value && value >= 0 && value < bound.Get);
                }
            )
        );

    [Fact]
    public void NextDouble_AnySeed_LiesInZeroToOne() =>
        PropertyAssert.Holds(
            Prop.ForAll<long>(seed =>
            {
                RandomStream random = new(seed, "test");
                return Enumerable.Range(0, 200).All(_ => random.NextDouble() is >= 0 and < 1);
            })
        );

    [Fact]
    public void Permutation_AnyCount_HasEachIndexOnce() =>
        PropertyAssert.Holds(
            Prop.ForAll<long, NonNegativeInt>(
                (seed, count) => new RandomStream(seed, "test").Permutation(count.Get).Order().SequenceEqual(Enumerable.Range(0, count.Get))
            )
        );

    [Fact]
    public void State_Restored_ContinuesTheStream() =>
        PropertyAssert.Holds(
            Prop.ForAll<long, NonNegativeInt>(
                (seed, skip) =>
                {
                    RandomStream random = new(seed, "test");
                    for (int i = 0; i < skip.Get; i++)
                    {
                        random.NextGaussian();
                    }

                    RandomStream copy = new(0, "other") { State = random.State };
                    return Enumerable.Range(0, 10).All(_ => copy.NextSeed() == random.NextSeed());
                }
            )
        );

    [Fact]
    public void Streams_OtherNameOrSeed_GiveOtherNumbers()
    {
        string[] names = ["shuffle", "weights", "feature-mining", "pad-crop-flip", "a", "b", ""];

        IEnumerable<long> firsts = names.SelectMany(name => Enumerable.Range(-5, 10).Select(seed => new RandomStream(seed, name).NextSeed()));

        Assert.Equal(70, firsts.Distinct().Count());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void NextInt_BoundNotPositive_Throws(int bound) => Assert.Throws<ArgumentOutOfRangeException>(() => new RandomStream(0, "test").NextInt(bound));

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(21)]
    public void Fill_AnyLength_HasTheBytesOfTheNumbers(int length)
    {
        RandomStream stream = new(1, "test"),
            whole = new(1, "test"),
            seeds = new(1, "test");
        byte[] bytes = new byte[length],
            words = new byte[(length + 7) / 8 * 8];

        stream.Fill(bytes);
        whole.Fill(words);

        Assert.Equal(words[..length], bytes);
        // A seed is a number without its lowest bit.
        Assert.All(words.Chunk(8), word => Assert.Equal(seeds.NextSeed(), (long)(BinaryPrimitives.ReadUInt64LittleEndian(word) >> 1)));
        Assert.Equal(seeds.NextSeed(), stream.NextSeed());
    }

    [Fact]
    public void Fill_ManyBytes_AreUniform()
    {
        byte[] bytes = new byte[1 << 20];
        new RandomStream(1, "test").Fill(bytes);

        int[] counts = new int[256];
        foreach (byte value in bytes)
        {
            counts[value]++;
        }

        double expected = bytes.Length / 256.0,
            chiSquare = counts.Sum(count => (count - expected) * (count - expected) / expected);
        Assert.InRange(chiSquare, 165, 365); // 255 degrees of freedom, five standard deviations
    }

    [Fact]
    public void Permutation_ManyDraws_AreUniform()
    {
        const int Draws = 120_000;
        RandomStream random = new(5, "test");
        Dictionary<int, int> counts = Enumerable
            .Range(0, Draws)
            .Select(_ => random.Permutation(5).Aggregate(0, (code, digit) => code * 5 + digit))
            .CountBy(code => code)
            .ToDictionary();

        // The 99.99 % quantile of chi square with 119 degrees of freedom is 184.
        double expected = Draws / 120.0;
        Assert.Equal(120, counts.Count);
        Assert.InRange(counts.Values.Sum(count => (count - expected) * (count - expected) / expected), 60, 184);
    }

    [Fact]
    public void NextGaussian_ManyDraws_HasTheNormalMoments()
    {
        const int Draws = 200_000;
        RandomStream random = new(6, "test");
        double[] values = [.. Enumerable.Range(0, Draws).Select(_ => random.NextGaussian())];

        // The standard errors of the first four moments are the square roots of 1, 2, 15 and 96 divided by the number of draws.
        Assert.Equal(0, values.Average(), 4 * Math.Sqrt(1.0 / Draws));
        Assert.Equal(1, values.Average(v => v * v), 4 * Math.Sqrt(2.0 / Draws));
        Assert.Equal(0, values.Average(v => v * v * v), 4 * Math.Sqrt(15.0 / Draws));
        Assert.Equal(3, values.Average(v => v * v * v * v), 4 * Math.Sqrt(96.0 / Draws));
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(4, 10)]
    [InlineData(10, 10)]
    [InlineData(20, 10)]
    [InlineData(100, 10_000)]
    public void PermutationWithin_AnyBuffer_IsAPermutationThatMovesForwardLessThanTheBuffer(int buffer, int count)
    {
        int[] order = new RandomStream(1, "order").PermutationWithin(buffer, count);

        Assert.Equal(Enumerable.Range(0, count), order.Order());
        Assert.All(order.Index(), entry => Assert.True(entry.Item < entry.Index + buffer));
        Assert.Equal(order, new RandomStream(1, "order").PermutationWithin(buffer, count));
    }

    [Fact]
    public void PermutationWithin_BufferOfAll_IsUniform()
    {
        const int Count = 5,
            Draws = 10_000;
        RandomStream random = new(2, "order");
        int[,] counts = new int[Count, Count];
        for (int draw = 0; draw < Draws; draw++)
        {
            foreach ((int position, int item) in random.PermutationWithin(Count, Count).Index())
            {
                counts[position, item]++;
            }
        }

        // Five standard deviations.
        Assert.All(counts.Cast<int>(), times => Assert.InRange(times, (Draws / 5) - 200, (Draws / 5) + 200));
    }
}
