namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>The shape of one image in planar order: channels, rows, columns.</summary>
/// <param name="Channels">1 (gray) or 3 (red, green, blue).</param>
/// <param name="Height">Rows, in pixels.</param>
/// <param name="Width">Columns, in pixels.</param>
public readonly record struct ImageShape(int Channels, int Height, int Width)
{
    /// <summary>Values in one image: <c>Channels * Height * Width</c>.</summary>
    public int Length => checked(Channels * Height * Width);

    /// <summary>The shape as <c>CxHxW</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Channels}x{Height}x{Width}");
}

/// <summary>A rectangle on an image, in pixels from its upper left corner.</summary>
/// <param name="X">The left edge.</param>
/// <param name="Y">The upper edge.</param>
/// <param name="Width">To the right edge.</param>
/// <param name="Height">To the lower edge.</param>
internal readonly record struct ImageBox(float X, float Y, float Width, float Height)
{
    /// <summary>How many numbers <see cref="ToArray"/> gives.</summary>
    public const int Length = 4;

    /// <summary>The part of an image that the box covers, to whole pixels.</summary>
    public (int X, int Y, int Width, int Height) Within(int width, int height)
    {
        (int left, int right) = Clip(X, Width, width);
        (int top, int bottom) = Clip(Y, Height, height);
        return (left, top, right - left, bottom - top);
    }

    public float[] ToArray() => [X, Y, Width, Height];

    private static (int Start, int End) Clip(float start, float length, int size)
    {
        int first = (int)Math.Clamp(Math.Round((double)start), 0, size);
        return (first, (int)Math.Clamp(Math.Round((double)start + length), first, size));
    }
}
