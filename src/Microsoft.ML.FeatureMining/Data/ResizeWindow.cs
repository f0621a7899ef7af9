namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Along one axis: how long the resized picture is, and which part of it is wanted.</summary>
/// <param name="Size">The length, in pixels; of a thin picture that must cover a square it can be enormous.</param>
/// <param name="Start">Where the part begins.</param>
/// <param name="Count">How long the part is.</param>
internal readonly record struct ResizeWindow(long Size, long Start, int Count)
{
    /// <summary>All of it.</summary>
    public static ResizeWindow Whole(int size) => new(size, 0, size);

    /// <summary>The middle; a half goes to the even pixel, as in torchvision's CenterCrop.</summary>
    public static ResizeWindow Middle(long size, int count) => new(size, (long)Math.Round((size - count) / 2.0, MidpointRounding.ToEven), count);
}
