namespace Microsoft.ML.FeatureMining.Datasets;

/// <summary>The extensions of image files that are read.</summary>
internal static class ImageExtensions
{
    public static IReadOnlySet<string> All { get; } =
        new HashSet<string>([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".gif", ".webp"], StringComparer.OrdinalIgnoreCase);
}
