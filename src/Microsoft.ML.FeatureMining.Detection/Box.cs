namespace Microsoft.ML.FeatureMining.Detection;

/// <summary>
/// A bounding box in pixels from the upper left corner of the image. Right and bottom are exclusive edges: a box of one pixel has the width
/// <see cref="Right"/> - <see cref="Left"/> = 1. Coordinates may be fractional.
/// </summary>
/// <param name="Left">x0.</param>
/// <param name="Top">y0.</param>
/// <param name="Right">x1, at least x0.</param>
/// <param name="Bottom">y1, at least y0.</param>
internal readonly record struct Box(float Left, float Top, float Right, float Bottom)
{
    public float Width => Right - Left;

    public float Height => Bottom - Top;

    public float Area => Width * Height;

    /// <summary>Whether no coordinate is NaN or infinite.</summary>
    public bool IsFinite => float.IsFinite(Left) && float.IsFinite(Top) && float.IsFinite(Right) && float.IsFinite(Bottom);

    /// <summary>
    /// Intersection over union, in [0, 1]; 0 if the union is empty. Rounded as in torchvision's <c>box_iou</c>, so that comparisons with a threshold agree.
    /// </summary>
    public float IntersectionOverUnion(in Box other)
    {
        float width = MathF.Min(Right, other.Right) - MathF.Max(Left, other.Left);
        float height = MathF.Min(Bottom, other.Bottom) - MathF.Max(Top, other.Top);
        if (!(width > 0 && height > 0))
        {
            return 0;
        }

        float intersection = width * height;
        return intersection / (Area + other.Area - intersection);
    }

    /// <summary>The part of the box inside an image.</summary>
    public Box Clip(int height, int width) =>
        new(Math.Clamp(Left, 0, width), Math.Clamp(Top, 0, height), Math.Clamp(Right, 0, width), Math.Clamp(Bottom, 0, height));
}

/// <summary>A labeled object.</summary>
/// <param name="Box">The bounding box.</param>
/// <param name="Class">The class, from 0.</param>
/// <param name="IsDifficult">Whether average precision ignores the object. Training does not ignore it.</param>
internal readonly record struct ObjectBox(Box Box, int Class, bool IsDifficult = false);

/// <summary>An object that a network found.</summary>
/// <param name="Box">The bounding box.</param>
/// <param name="Class">The class, from 0.</param>
/// <param name="Score">The probability of the class, in [0, 1].</param>
internal readonly record struct Detection(Box Box, int Class, float Score);
