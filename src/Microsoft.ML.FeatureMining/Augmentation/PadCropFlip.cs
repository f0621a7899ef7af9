using Microsoft.ML.FeatureMining.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// The usual augmentation of small images: pads with zeros, crops back at a uniform place, mirrors left and right with probability one half. One draw an image.
/// </summary>
public sealed record PadCropFlip : ImageAugmentation
{
    private const int MaxPadding = 4096;

    /// <inheritdoc/>
    public override string Key => "pad-crop-flip";

    /// <summary>Pixels of padding at each side, 0 to 4096.</summary>
    /// <value>4.</value>
    public int Padding { get; init; } = 4;

    /// <summary>Whether images are mirrored; not for digits, text or anything with a handedness.</summary>
    /// <value>true.</value>
    public bool Flip { get; init; } = true;

    /// <inheritdoc/>
    public override IEnumerable<string> Problems()
    {
        if (Padding is < 0 or > MaxPadding)
        {
            yield return $"Padding lies in [0, {MaxPadding}]; it is {Padding}.";
        }
    }

    /// <inheritdoc/>
    public override Tensor Apply(Tensor images, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        if (Padding == 0 && !Flip)
        {
            return images;
        }

        using DisposeScope scope = NewDisposeScope();
        long[] shape = images.shape;
        (int count, int height, int width) = ((int)shape[0], (int)shape[2], (int)shape[3]);
        (long[] rows, long[] columns) = Draw(count, height, width, random);
        Tensor padded = nn.functional.pad(images, [Padding, Padding, Padding, Padding], PaddingModes.Constant, 0);
        // One gather does crop and flip. The images' axis and the two pixel axes are indexed together, so the channels come last: [N,H,W,C].
        Tensor gathered = padded.index(
            TensorIndex.Tensor(arange(count, dtype: ScalarType.Int64, device: images.device).view(count, 1, 1)), TensorIndex.Slice(),
            TensorIndex.Tensor(tensor(rows, device: images.device).view(count, height, 1)),
            TensorIndex.Tensor(tensor(columns, device: images.device).view(count, 1, width)));
        return gathered.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    private (long[] Rows, long[] Columns) Draw(int count, int height, int width, RandomStream random)
    {
        long[] rows = new long[count * height];
        long[] columns = new long[count * width];
        for (int n = 0; n < count; n++)
        {
            int top = random.NextInt(2 * Padding + 1);
            int left = random.NextInt(2 * Padding + 1);
            bool mirrored = Flip && random.NextInt(2) == 1;
            for (int y = 0; y < height; y++)
            {
                rows[n * height + y] = top + y;
            }

            for (int x = 0; x < width; x++)
            {
                columns[n * width + x] = left + (mirrored ? width - 1 - x : x);
            }
        }

        return (rows, columns);
    }
}
