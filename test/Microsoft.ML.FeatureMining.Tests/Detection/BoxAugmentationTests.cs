using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Data;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

public sealed class BoxAugmentationTests
{
    private const int Side = 64;

    [Theory]
    [InlineData(true, 1, 1)]
    [InlineData(false, 0.5, 1)]
    [InlineData(false, 1, 2)]
    [InlineData(true, 0.5, 2)]
    public void Apply_WhiteRectangle_StaysInItsBox(bool flips, double min, double max)
    {
        BoxAugmentation augmentation = new(new DetectionRecipe(new RetinaNetSettings(), flips, min, max));
        RandomStream random = new(1, "boxes");
        using DisposeScope scope = NewDisposeScope();
        int seen = 0;
        for (int i = 0; i < 40; i++)
        {
            Box box = new(10, 20, 30, 52);
            Tensor image = zeros([1, 3, Side, Side], ScalarType.Float32, CPU);
            image[TensorIndex.Ellipsis, TensorIndex.Slice(20, 52), TensorIndex.Slice(10, 30)] = 255;

            (Tensor moved, ObjectBox[][] objects) = augmentation.Apply(
                image,
                [
                    [new ObjectBox(box, 0)],
                ],
                random
            );

            Assert.Equal([1, 3, Side, Side], moved.shape);
            foreach (ObjectBox thing in objects[0])
            {
                seen++;
                Box white = WhiteBox(moved);
                Assert.Equal(white.Left, thing.Box.Left, 1.01);
                Assert.Equal(white.Top, thing.Box.Top, 1.01);
                Assert.Equal(white.Right, thing.Box.Right, 1.01);
                Assert.Equal(white.Bottom, thing.Box.Bottom, 1.01);
            }
        }

        Assert.True(seen >= 20);
    }

    [Fact]
    public void Apply_FlipAlone_IsExact()
    {
        BoxAugmentation augmentation = new(new DetectionRecipe(new RetinaNetSettings(), HorizontalFlip: true, 1, 1));
        using DisposeScope scope = NewDisposeScope();
        using Generator generator = new(1, CPU);
        Tensor images = rand([8, 3, Side, Side], ScalarType.Float32, CPU, generator: generator);

        (Tensor moved, ObjectBox[][] objects) = augmentation.Apply(
            images,
            [.. Enumerable.Repeat<ObjectBox[]>([new ObjectBox(new Box(1, 2, 11, 12), 0)], 8)],
            new RandomStream(2, "boxes")
        );

        int flipped = 0;
        for (int n = 0; n < 8; n++)
        {
            bool isFlipped = objects[n][0].Box == new Box(Side - 11, 2, Side - 1, 12);
            Assert.True(isFlipped || objects[n][0].Box == new Box(1, 2, 11, 12));
            Assert.True(moved[n].equal(isFlipped ? images[n].flip(2) : images[n]).all().item<bool>());
            flipped += isFlipped ? 1 : 0;
        }

        Assert.InRange(flipped, 1, 7);
    }

    [Fact]
    public void Apply_ObjectWithItsCenterOutside_IsDropped()
    {
        BoxAugmentation augmentation = new(new DetectionRecipe(new RetinaNetSettings(), HorizontalFlip: false, 1, 10));
        RandomStream random = new(3, "boxes");
        using DisposeScope scope = NewDisposeScope();
        Tensor image = zeros([1, 3, Side, Side], ScalarType.Float32, CPU);
        int[] counts =
        [
            .. Enumerable
                .Range(0, 50)
                .Select(_ =>
                    augmentation
                        .Apply(
                            image,
                            [
                                [new ObjectBox(new Box(0, 0, 8, 8), 0)],
                            ],
                            random
                        )
                        .Objects[0]
                        .Length
                ),
        ];

        Assert.Contains(0, counts);
        Assert.Contains(1, counts);
    }

    private static Box WhiteBox(Tensor image)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor white = image[0, 0].gt(185); // More than half white on the gray of 114.
        long[] rows = white.any(1).nonzero().data<long>().ToArray();
        long[] columns = white.any(0).nonzero().data<long>().ToArray();
        return new Box(columns[0], rows[0], columns[^1] + 1, rows[^1] + 1);
    }
}
