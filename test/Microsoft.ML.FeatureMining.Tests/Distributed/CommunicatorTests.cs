using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

/// <summary>Sums, broadcasts and barriers of ranks that are threads; MPI uses the same operations.</summary>
public sealed class CommunicatorTests : IClassFixture<SingleThreadFixture>
{
    private const int Pieces = 7;

    // The large values cancel, so that the sum of the others depends on the order of the additions also in double precision.
    private static readonly float[][] Values =
    [
        .. Enumerable
            .Range(0, Pieces)
            .Select(piece =>
                Draw(
                    new RandomStream(piece % (Pieces - 1), "values"),
                    piece == 0 ? 1e12
                        : piece == Pieces - 1 ? -1e12
                        : 1
                )
            ),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(9)]
    public void Sum_AnyNumberOfRanks_IsTheSumInOrderRoundedOnce(int world)
    {
        float[] expected = [.. Enumerable.Range(0, 1000).Select(i => (float)Values.Aggregate(0.0, (sum, values) => sum + values[i]))];

        Assert.All(ThreadCommunicator.Run(world, ranks => SumOf(ranks)), sum => Assert.Equal(expected, sum));
    }

    [Fact]
    public void Sum_BetweenTwoCallsOfARunningSum_DoesNotDisturbIt()
    {
        double[][] sums = ThreadCommunicator.Run(
            2,
            ranks =>
            {
                using RunningSum running = new();
                using Tensor values = torch.full([3], ranks.Rank + 1.0, ScalarType.Float64);
                ranks.Sum(values, running, more: true);
                Assert.True(ranks.Any(true));
                ranks.Sum(values, running);
                return values.data<double>().ToArray();
            }
        );

        Assert.All(sums, sum => Assert.Equal([6.0, 6.0, 6.0], sum));
    }

    [Fact]
    public void Sum_ValuesOfThisTest_DependOnTheOrderInDoublePrecision() =>
        Assert.NotEqual(
            Enumerable.Range(0, 1000).Select(i => (float)Values.Aggregate(0.0, (sum, values) => sum + values[i])),
            Enumerable.Range(0, 1000).Select(i => (float)Values.Reverse().Aggregate(0.0, (sum, values) => sum + values[i]))
        );

    [Fact]
    public void Sum_LocalFirst_AddsTheSinglePrecisionSumsOfTheRanks()
    {
        float[] expected =
        [
            .. Enumerable
                .Range(0, 1000)
                .Select(i =>
                    (float)
                        Enumerable
                            .Range(0, 2)
                            .Sum(rank => (double)Enumerable.Range(0, Pieces).Where(piece => piece % 2 == rank).Select(piece => Values[piece][i]).Aggregate(Add))
                ),
        ];

        float[][] sums = ThreadCommunicator.Run(
            2,
            ranks =>
            {
                ((PeerCommunicator)ranks).LocalFirst = true;
                return SumOf(ranks);
            }
        );

        Assert.All(sums, sum => Assert.Equal(expected, sum));

        static float Add(float sum, float value) => sum + value;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Sum_FewerValuesThanRanks_AreSummed(int count)
    {
        double[][] sums = ThreadCommunicator.Run(
            4,
            ranks =>
            {
                using Tensor values = torch.full([count], ranks.Rank + 1.0, ScalarType.Float64);
                ranks.Sum(values);
                return values.data<double>().ToArray();
            }
        );

        Assert.All(sums, sum => Assert.Equal(Enumerable.Repeat(10.0, count), sum));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void Share_BytesOfRank0_ReachAllRanks(int world)
    {
        byte[] bytes = [.. Enumerable.Range(0, 100).Select(i => (byte)i)];

        Assert.All(ThreadCommunicator.Run(world, ranks => ranks.Share(ranks.Rank == 0 ? bytes : null)), shared => Assert.Equal(bytes, shared));
        Assert.All(ThreadCommunicator.Run(world, ranks => ranks.Share(null)), Assert.Null);
    }

    [Fact]
    public void ShareTensors_TensorsOfRank0_ReachAllRanksInTheirLayout() =>
        Assert.All(
            ThreadCommunicator.Run(
                3,
                ranks =>
                {
                    using DisposeScope scope = NewDisposeScope();
                    Tensor kernel = torch.full([2, 3, 4, 5], ranks.Rank + 1.5f).permute(0, 3, 1, 2);
                    ranks.ShareTensors([("kernel", kernel)]);
                    return (kernel.stride(), kernel.contiguous().data<float>().ToArray());
                }
            ),
            result =>
            {
                Assert.Equal([60, 1, 20, 5], result.Item1);
                Assert.All(result.Item2, value => Assert.Equal(1.5f, value));
            }
        );

    [Fact]
    public void Any_TrueOnOneRank_IsTrueOnAll()
    {
        Assert.All(ThreadCommunicator.Run(3, ranks => ranks.Any(ranks.Rank == 2)), Assert.True);
        Assert.All(ThreadCommunicator.Run(3, ranks => ranks.Any(false)), Assert.False);
    }

    [Fact]
    public void Barrier_SlowRank_HoldsTheOthers()
    {
        int arrived = 0;

        int[] seen = ThreadCommunicator.Run(
            3,
            ranks =>
            {
                Thread.Sleep(ranks.Rank * 50);
                Interlocked.Increment(ref arrived);
                ranks.Barrier();
                return Volatile.Read(ref arrived);
            }
        );

        Assert.Equal([3, 3, 3], seen);
    }

    [Fact]
    public void Abort_OneRank_EndsTheWaitOfTheOthers()
    {
        string[] errors = ThreadCommunicator.Run(
            3,
            ranks =>
            {
                if (ranks.Rank == 1)
                {
                    ranks.Abort("the disk is full");
                    return "";
                }

                return Assert.Throws<RankFailedException>(ranks.Barrier).Message;
            }
        );

        Assert.Equal(["Rank 1 failed: the disk is full", "", "Rank 1 failed: the disk is full"], errors);
    }

    // Rank r has the pieces r, r + N, ...; in the last round, some ranks may have none.
    private static float[] SumOf(ICommunicator ranks)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor values = zeros([1000]);
        using RunningSum running = new();
        for (int first = 0; first < Pieces; first += ranks.World)
        {
            int piece = first + ranks.Rank;
            values.copy_(piece < Pieces ? tensor(Values[piece]) : zeros([1000]));
            ranks.Sum(values, running, more: first + ranks.World < Pieces);
        }

        return values.data<float>().ToArray();
    }

    private static float[] Draw(RandomStream random, double scale) => [.. Enumerable.Range(0, 1000).Select(_ => (float)(random.NextGaussian() * scale))];
}
