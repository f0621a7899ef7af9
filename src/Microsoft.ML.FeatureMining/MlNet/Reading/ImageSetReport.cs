using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Reading;

namespace Microsoft.ML.FeatureMining;

/// <summary>Statistics and problems of a set of labeled images: unreadable images, duplicates, contradicting labels.</summary>
public sealed class ImageSetReport
{
    private readonly ILookup<UInt128, ImageRow> _rows;

    internal ImageSetReport(
        IReadOnlyList<ClassCount> classes,
        IReadOnlyList<(ImageRow Row, ImageFacts Facts)> images,
        IReadOnlyList<UnreadableImage> unreadable,
        int unlabeled
    )
    {
        (Classes, Unreadable, Unlabeled, Rows) = (classes, unreadable, unlabeled, images.Count + unreadable.Count);
        (Width, Height) = (SidesOf(images.Select(image => image.Facts.Width)), SidesOf(images.Select(image => image.Facts.Height)));
        _rows = images.ToLookup(image => image.Facts.Digest, image => image.Row);
        Duplicates = [.. _rows.Where(group => group.Count() > 1).Select(group => group.ToArray())];
    }

    /// <summary>The number of rows.</summary>
    public int Rows { get; }

    /// <summary>The classes with their number of rows, including unreadable ones; empty if there is no label column.</summary>
    public IReadOnlyList<ClassCount> Classes { get; }

    /// <summary>The number of rows without a label.</summary>
    public int Unlabeled { get; }

    /// <summary>Widths of the images; null if none can be read.</summary>
    public SideStatistics? Width { get; }

    /// <summary>Heights of the images; null if none can be read.</summary>
    public SideStatistics? Height { get; }

    /// <summary>Rows with an unreadable image.</summary>
    public IReadOnlyList<UnreadableImage> Unreadable { get; }

    /// <summary>Groups of two or more rows whose images have the same pixels, even if their files differ.</summary>
    public IReadOnlyList<IReadOnlyList<ImageRow>> Duplicates { get; }

    /// <summary>The <see cref="Duplicates"/> with different labels.</summary>
    public IEnumerable<IReadOnlyList<ImageRow>> Contradictions =>
        Duplicates.Where(rows => rows.Select(row => row.Label).Distinct(StringComparer.Ordinal).Count() > 1);

    /// <summary>Finds images with the same pixels in this set and in another: leakage between training and test data.</summary>
    /// <param name="other">The report of the other set.</param>
    /// <returns>A pair for each row of the other set whose image is also in this set, with the first such row of this set.</returns>
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

/// <summary>The number of rows of a class.</summary>
/// <param name="Name">The label as text.</param>
/// <param name="Rows">Rows with that label.</param>
/// <param name="Weight">The weight that balances the classes: all rows / (number of classes * rows of this class). Infinite if the class has no rows.</param>
public sealed record ClassCount(string Name, int Rows, double Weight);

/// <summary>Widths or heights of the images of a set, in pixels.</summary>
/// <param name="Min">The smallest.</param>
/// <param name="Median">The median; of an even number, the lower of the middle two.</param>
/// <param name="Max">The largest.</param>
public sealed record SideStatistics(int Min, int Median, int Max);

/// <summary>A row with an unreadable image.</summary>
/// <param name="Row">The row.</param>
/// <param name="Cause">Why it cannot be read.</param>
public sealed record UnreadableImage(ImageRow Row, string Cause);
