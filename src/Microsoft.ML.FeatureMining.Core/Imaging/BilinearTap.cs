namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>
/// The two inputs that bilinear interpolation reads along one axis, as PyTorch does with align_corners=False. Output positions are spread evenly over the
/// inputs, by their centers, and clamped to the centers of the outermost inputs. (<see cref="ImageResize"/> is bilinear too. When it shrinks, it averages over
/// all pixels, as Pillow does.)
/// </summary>
/// <param name="First">The input before the position.</param>
/// <param name="Second">The input after it; the same as <paramref name="First"/> at the end.</param>
/// <param name="Weight">The weight of the second input, in [0, 1); the first has 1 - Weight.</param>
internal readonly record struct BilinearTap(int First, int Second, double Weight)
{
    /// <summary>The two inputs of output number <paramref name="index"/> when <paramref name="from"/> inputs become <paramref name="to"/> outputs.</summary>
    public static BilinearTap Of(int index, int from, int to)
    {
        double position = Position(index, from, to);
        int first = (int)position;
        return new BilinearTap(first, Math.Min(first + 1, from - 1), position - first);
    }

    /// <summary>The position of an output among the inputs, in [0, from - 1].</summary>
    public static double Position(int index, int from, int to) => Math.Clamp((index + 0.5) * from / to - 0.5, 0, from - 1);
}
