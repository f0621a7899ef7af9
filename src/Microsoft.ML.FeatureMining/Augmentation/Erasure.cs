using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Erases rectangles of pixels, a batch at a time. A mask is the product of rows and columns, so only N * (H + W) bits cross to the device.</summary>
internal static class Erasure
{
    /// <summary>Erases one box an image.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="draw">Draws the box of an image of that height and width; an empty one erases nothing.</param>
    /// <param name="fill">What comes instead.</param>
    /// <param name="random">Read for <see cref="ErasedFill.Noise"/> alone, after all boxes are drawn.</param>
    public static Tensor Boxes(Tensor images, Func<int, int, PixelBox> draw, ErasedFill fill, RandomStream random)
    {
        long[] shape = images.shape;
        (int count, int height, int width) = ((int)shape[0], (int)shape[2], (int)shape[3]);
        bool[] rows = new bool[count * height];
        bool[] columns = new bool[count * width];
        for (int n = 0; n < count; n++)
        {
            PixelBox box = draw(height, width);
            rows.AsSpan(n * height + box.Top, box.Height).Fill(true);
            columns.AsSpan(n * width + box.Left, box.Width).Fill(true);
        }

        return Apply(images, rows, columns, fill, random);
    }

    /// <summary>Erases the pixels whose row and column are both marked.</summary>
    /// <param name="images">[N,C,H,W].</param>
    /// <param name="rows">[N,H].</param>
    /// <param name="columns">[N,W].</param>
    /// <param name="fill">What comes instead.</param>
    /// <param name="random">Read for <see cref="ErasedFill.Noise"/> alone.</param>
    public static Tensor Apply(Tensor images, bool[] rows, bool[] columns, ErasedFill fill, RandomStream random)
    {
        using DisposeScope scope = NewDisposeScope();
        long[] shape = images.shape;
        Tensor mask = tensor(rows, device: images.device).view(shape[0], 1, shape[2], 1)
            .logical_and(tensor(columns, device: images.device).view(shape[0], 1, 1, shape[3]));       // [N,1,H,W]
        Tensor erased = fill switch
        {
            ErasedFill.Black => images.MaskedFill(mask, 0),
            ErasedFill.Mean => where(mask, Mean(images), images),
            _ => where(mask, Noise(images, random), images),
        };
        return erased.MoveToOuterDisposeScope();
    }

    private static Tensor Mean(Tensor images)
    {
        Tensor mean = images.to(ScalarType.Float32).mean(new long[] { 2, 3 }, keepdim: true);         // [N,C,1,1]
        return images.dtype == ScalarType.Byte ? mean.round().to(ScalarType.Byte) : mean;
    }

    private static Tensor Noise(Tensor images, RandomStream random)
    {
        using Generator generator = new((ulong)random.NextSeed(), images.device);
        return randint(0, 256, images.shape, images.dtype, images.device, generator: generator);
    }
}
