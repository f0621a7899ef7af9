namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Along one axis: how long the resized picture is, and which part of it is wanted.</summary>
/// <param name="Size">The length, in pixels; of a thin picture that must cover a square it can be enormous.</param>
/// <param name="Start">Where the part begins.</param>
/// <param name="Count">How long the part is.</param>
internal readonly record struct ResizeWindow(long Size, long Start, int Count)
{
    /// <summary>All of it.</summary>
    public static ResizeWindow Whole(int size) => new(size, 0, size);

    /// <summary>The middle of a length.</summary>
    public static ResizeWindow Middle(long size, int count) => new(size, Margin(size, count), count);

    /// <summary>The middle of this part.</summary>
    public ResizeWindow Middle(int count) => new(Size, Start + Margin(Count, count), count);

    /// <summary>What lies before the middle; a half goes to the even pixel, as in torchvision's CenterCrop.</summary>
    public static long Margin(long size, int count) => (long)Math.Round((size - count) / 2.0, MidpointRounding.ToEven);
}
