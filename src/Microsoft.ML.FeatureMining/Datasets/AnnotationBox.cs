using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>
/// Where an object is on an image, as a data set's annotation says: in pixels from the image's upper left corner, not necessarily whole ones.
/// </summary>
/// <param name="X">The left edge.</param>
/// <param name="Y">The upper edge.</param>
/// <param name="Width">From the left edge to the right one.</param>
/// <param name="Height">From the upper edge to the lower one.</param>
internal readonly record struct AnnotationBox(float X, float Y, float Width, float Height)
{
    /// <summary>How many numbers <see cref="ToArray"/> gives.</summary>
    public const int Length = 4;

    /// <summary>The whole pixels of an image that the box covers: edges are rounded, and clipped to the image.</summary>
    public PixelBox ToPixels(int imageWidth, int imageHeight)
    {
        (int left, int right) = Clip(X, Width, imageWidth);
        (int top, int bottom) = Clip(Y, Height, imageHeight);
        return new PixelBox(top, left, bottom - top, right - left);
    }

    /// <summary>X, Y, Width, Height: a row's vector.</summary>
    public float[] ToArray() => [X, Y, Width, Height];

    private static (int Start, int End) Clip(float start, float length, int size)
    {
        int first = (int)Math.Clamp(Math.Round((double)start), 0, size);
        return (first, (int)Math.Clamp(Math.Round((double)start + length), first, size));
    }
}
