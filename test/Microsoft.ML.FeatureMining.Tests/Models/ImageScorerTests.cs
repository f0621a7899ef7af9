using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Models;

public sealed class ImageScorerTests : IClassFixture<SingleThreadFixture>
{
    private const int Count = 7;

    [Theory]
    [InlineData("cifar-resnet-8", false)]
    [InlineData("cifar-resnet-11-bottleneck", false)]
    [InlineData("cifar-resnet-8", true)]
    public void Score_AnyImages_EqualsTheNetworkInEvaluationMode(string backbone, bool floats)
    {
        PixelType element = floats ? PixelType.Single : PixelType.Byte;
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        SavedModel saved = TinySavedModel.Make(backbone, channels: 3, classes: 4, element);
        float[] pixels = Pixels(saved, Count);
        byte[] bytes = element == PixelType.Byte ? [.. pixels.Select(value => (byte)value)] : MemoryMarshal.AsBytes(pixels.AsSpan()).ToArray();

        using ImageScorer scorer = new(saved, CPU);
        float[] probabilities = new float[Count * 4];
        scorer.Score(bytes, Count, probabilities);

        using ImageNetwork network = NetworkFactory.Create(backbone, 3, classes: 4);
        saved.Weights.CopyTo(network);
        network.eval();
        Tensor images = tensor(pixels, [Count, 3, 8, 8]);
        Tensor mean = tensor(saved.Manifest.Mean.ToArray(), [1, 3, 1, 1]);
        Tensor deviation = tensor(saved.Manifest.Std.ToArray(), [1, 3, 1, 1]);
        float[] expected = TensorAssert.Values(nn.functional.softmax(network.call((images - mean) / deviation), 1));
        Assert.All(expected.Zip(probabilities), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.All(probabilities.Chunk(4), image => Assert.Equal(1, image.Sum(), 1e-5f));
    }

    [Theory]
    [InlineData(TestTimeAugmentation.Flip)]
    [InlineData(TestTimeAugmentation.TenCrop)]
    public void Score_SeveralViews_AveragesTheirProbabilities(TestTimeAugmentation augmentation)
    {
        SavedModel plain = TinySavedModel.Make(channels: 3, size: 14);
        SavedModel saved = new(plain.Manifest with { TestTimeAugmentation = augmentation }, plain.Weights);
        // Ten-crop resizes to 8/7 of 14.
        int side = augmentation == TestTimeAugmentation.TenCrop ? 16 : 14;
        byte[] image = [.. Enumerable.Range(0, 3 * side * side).Select(at => (byte)(at * 37 % 256))];
        IEnumerable<(int Top, int Left)> corners = augmentation == TestTimeAugmentation.TenCrop ? [(0, 0), (0, 2), (2, 0), (2, 2), (1, 1)] : [(0, 0)];
        byte[][] views = [.. from mirror in new[] { false, true } from corner in corners select View(image, side, corner, mirror)];

        using ImageScorer scorer = new(saved, CPU),
            one = new(plain, CPU);
        float[] mean = new float[3],
            each = new float[3 * views.Length];
        scorer.Score(image, 1, mean);
        one.Score([.. views.SelectMany(view => view)], views.Length, each);

        Assert.Equal(new ImageShape(3, side, side), scorer.Input);
        Assert.All(mean.Select((value, k) => (value, each.Chunk(3).Average(view => view[k]))), pair => Assert.Equal(pair.Item2, pair.value, 1e-5f));

        static byte[] View(byte[] image, int side, (int Top, int Left) corner, bool mirror) =>
            [
                .. from channel in Enumerable.Range(0, 3)
                from y in Enumerable.Range(corner.Top, 14)
                from x in Enumerable.Range(corner.Left, 14)
                select image[(((channel * side) + y) * side) + (mirror ? side - 1 - x : x)],
            ];
    }

    [Fact]
    public void Score_OneByOneOrAsBatch_GivesTheSame()
    {
        SavedModel saved = TinySavedModel.Make();
        byte[] pixels = [.. Pixels(saved, Count).Select(value => (byte)value)];
        using ImageScorer scorer = new(saved, CPU);
        float[] together = new float[Count * 3];
        scorer.Score(pixels, Count, together);

        for (int i = 0; i < Count; i++)
        {
            float[] alone = new float[3];
            scorer.Score(pixels.AsSpan(i * 64, 64), 1, alone);
            Assert.All(alone.Zip(together.Skip(3 * i)), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        }
    }

    [Fact]
    public void Score_BuffersLongerThanNeeded_DoesNotChangeTheRest()
    {
        SavedModel saved = TinySavedModel.Make();
        using ImageScorer scorer = new(saved, CPU);
        float[] probabilities = [.. Enumerable.Repeat(-1f, 9)];

        scorer.Score(new byte[3 * 64], 2, probabilities);

        Assert.All(probabilities[..6], value => Assert.InRange(value, 0, 1));
        Assert.All(probabilities[6..], value => Assert.Equal(-1, value));
    }

    [Fact]
    public async Task Score_ManyThreadsAtOnce_IsBitIdentical()
    {
        SavedModel saved = TinySavedModel.Make();
        byte[] pixels = [.. Pixels(saved, Count).Select(value => (byte)value)];
        using ImageScorer scorer = new(saved, CPU);
        float[] expected = new float[Count * 3];
        scorer.Score(pixels, Count, expected);

        float[][] results = await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        set_num_threads(1);
                        float[] own = new float[Count * 3];
                        for (int i = 0; i < 25; i++)
                        {
                            scorer.Score(pixels, Count, own);
                        }

                        return own;
                    })
                )
        );

        Assert.All(results, own => Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), own.Select(BitConverter.SingleToInt32Bits)));
    }

    [Fact]
    public void Score_AfterDispose_Throws()
    {
        ImageScorer scorer = new(TinySavedModel.Make(), CPU);
        scorer.Dispose();
        scorer.Dispose();

        Assert.Throws<ObjectDisposedException>(() => scorer.Score(new byte[64], 1, new float[3]));
    }

    [Fact]
    public void Dispose_WhileOthersScore_MakesThemThrowObjectDisposed()
    {
        ImageScorer scorer = new(TinySavedModel.Make(), CPU);
        using Barrier started = new(4);
        Task[] scoring =
        [
            .. Enumerable
                .Range(0, 3)
                .Select(_ =>
                    Task.Run(() =>
                    {
                        started.SignalAndWait();
                        float[] own = new float[3];
                        while (true)
                        {
                            scorer.Score(new byte[64], 1, own);
                        }
                    })
                ),
        ];

        started.SignalAndWait();
        Thread.Sleep(20);
        scorer.Dispose();

        Assert.All(scoring, task => Assert.IsType<ObjectDisposedException>(Assert.Throws<AggregateException>(task.Wait).InnerException));
    }

    [Fact]
    public void Score_BuffersTooShort_Throws()
    {
        using ImageScorer scorer = new(TinySavedModel.Make(), CPU);

        Assert.ThrowsAny<ArgumentException>(() => scorer.Score(new byte[63], 1, new float[3]));
        Assert.ThrowsAny<ArgumentException>(() => scorer.Score(new byte[64], 1, new float[2]));
    }

    private static float[] Pixels(SavedModel saved, int count)
    {
        RandomStream random = new(1, "pixels");
        return
        [
            .. Enumerable
                .Range(0, count * saved.Manifest.Preprocessing.Shape.Length)
                .Select(_ => saved.Manifest.Element == PixelType.Byte ? random.NextInt(256) : (float)random.NextGaussian()),
        ];
    }
}
