using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Reading;

namespace Microsoft.ML.FeatureMining;

/// <summary>What there is in a set of labeled images, and what is wrong with it.</summary>
public sealed class ImageSetReport
{
    private readonly ILookup<UInt128, ImageRow> _rows;

    internal ImageSetReport(IReadOnlyList<ClassCount> classes, IReadOnlyList<(ImageRow Row, ImageFacts Facts)> images, IReadOnlyList<UnreadableImage> unreadable, int unlabeled)
    {
        (Classes, Unreadable, Unlabeled, Rows) = (classes, unreadable, unlabeled, images.Count + unreadable.Count);
        (Width, Height) = (SidesOf(images.Select(image => image.Facts.Width)), SidesOf(images.Select(image => image.Facts.Height)));
        _rows = images.ToLookup(image => image.Facts.Digest, image => image.Row);
        Duplicates = [.. _rows.Where(group => group.Count() > 1).Select(group => group.ToArray())];
    }

    /// <summary>All rows.</summary>
    public int Rows { get; }

    /// <summary>The classes and their rows, readable or not; none where the rows have no label column.</summary>
    public IReadOnlyList<ClassCount> Classes { get; }

    /// <summary>Rows without a label.</summary>
    public int Unlabeled { get; }

    /// <summary>How wide the images are; null where none can be read.</summary>
    public SideStatistics? Width { get; }

    /// <summary>How high the images are; null where none can be read.</summary>
    public SideStatistics? Height { get; }

    /// <summary>Rows whose image cannot be read.</summary>
    public IReadOnlyList<UnreadableImage> Unreadable { get; }

    /// <summary>Rows with the same image, pixel by pixel, whatever the files are; two or more together.</summary>
    public IReadOnlyList<IReadOnlyList<ImageRow>> Duplicates { get; }

    /// <summary>Those of the <see cref="Duplicates"/> that do not agree on the label.</summary>
    public IEnumerable<IReadOnlyList<ImageRow>> Contradictions => Duplicates.Where(rows => rows.Select(row => row.Label).Distinct(StringComparer.Ordinal).Count() > 1);

    /// <summary>Rows of this set and of another with the same image, pixel by pixel: what leaks from the one into the other.</summary>
    /// <param name="other">The report of the other set.</param>
    /// <returns>A pair for each row of the other set that has its like here; of several, the first.</returns>
    public IReadOnlyList<(ImageRow Here, ImageRow There)> SharedWith(ImageSetReport other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return [.. other._rows.Where(group => _rows.Contains(group.Key)).SelectMany(group => group.Select(there => (_rows[group.Key].First(), there)))];
    }

    private static SideStatistics? SidesOf(IEnumerable<int> sides)
    {
        int[] ordered = [.. sides.Order()];
        return ordered.Length == 0 ? null : new SideStatistics(ordered[0], ordered[(ordered.Length - 1) / 2], ordered[^1]);
    }
}

/// <summary>How often a class occurs.</summary>
/// <param name="Name">The label as text.</param>
/// <param name="Rows">Rows with that label.</param>
/// <param name="Weight">What makes the classes count alike: all rows over the number of classes times these rows. Infinite where there are none.</param>
public sealed record ClassCount(string Name, int Rows, double Weight);

/// <summary>A side of the images of a set, in pixels.</summary>
/// <param name="Min">Of the smallest.</param>
/// <param name="Median">Half of them have no more.</param>
/// <param name="Max">Of the largest.</param>
public sealed record SideStatistics(int Min, int Median, int Max);

/// <summary>A row whose image cannot be read.</summary>
/// <param name="Row">The row.</param>
/// <param name="Cause">Why not.</param>
public sealed record UnreadableImage(ImageRow Row, string Cause);
