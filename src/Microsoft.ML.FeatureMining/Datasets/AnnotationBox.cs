using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>The bounding box of an object in a data set's annotation, in pixels from the image's upper left corner. Values may be fractional.</summary>
/// <param name="X">The left edge.</param>
/// <param name="Y">The upper edge.</param>
/// <param name="Width">The distance from the left edge to the right edge.</param>
/// <param name="Height">The distance from the upper edge to the lower edge.</param>
internal readonly record struct AnnotationBox(float X, float Y, float Width, float Height)
{
    /// <summary>The length of <see cref="ToArray"/>.</summary>
    public const int Length = 4;

    /// <summary>The box in integer pixels: edges are rounded and clipped to the image.</summary>
    public PixelBox ToPixels(int imageWidth, int imageHeight)
    {
        (int left, int right) = Clip(X, Width, imageWidth);
        (int top, int bottom) = Clip(Y, Height, imageHeight);
        return new PixelBox(top, left, bottom - top, right - left);
    }

    /// <summary>[X, Y, Width, Height], for a vector column.</summary>
    public float[] ToArray() => [X, Y, Width, Height];

    private static (int Start, int End) Clip(float start, float length, int size)
    {
        int first = (int)Math.Clamp(Math.Round((double)start), 0, size);
        return (first, (int)Math.Clamp(Math.Round((double)start + length), first, size));
    }
}
