namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A rectangle on a picture, in pixels from its upper left corner.</summary>
/// <param name="X">The left edge.</param>
/// <param name="Y">The upper edge.</param>
/// <param name="Width">To the right edge.</param>
/// <param name="Height">To the lower edge.</param>
internal readonly record struct ImageBox(float X, float Y, float Width, float Height)
{
    /// <summary>The part of a picture that the box covers, to whole pixels.</summary>
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
