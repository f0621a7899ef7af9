using Microsoft.ML.FeatureMining.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Erases rectangles of pixels, a batch at a time. A mask is the product of rows and columns, so only N * (H + W) bits cross to the device.</summary>
internal static class Erasure
{
    /// <summary>Erases one box an image.</summary>
    public static Tensor Boxes(Tensor images, IReadOnlyList<PixelBox> boxes, ErasedFill fill, RandomStream random)
    {
        long[] shape = images.shape;
        (int height, int width) = ((int)shape[2], (int)shape[3]);
        bool[] rows = new bool[boxes.Count * height];
        bool[] columns = new bool[boxes.Count * width];
        for (int n = 0; n < boxes.Count; n++)
        {
            rows.AsSpan(n * height + boxes[n].Top, boxes[n].Height).Fill(true);
            columns.AsSpan(n * width + boxes[n].Left, boxes[n].Width).Fill(true);
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
            ErasedFill.Black => images.masked_fill(mask, 0),
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
