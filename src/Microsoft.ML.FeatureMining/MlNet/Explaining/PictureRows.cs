using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Explaining;

/// <summary>The pictures of a data view as a network takes them; those that cannot be read are left out.</summary>
internal static class PictureRows
{
    /// <param name="rows">With the image column, or with files named by a text column ImagePath.</param>
    /// <param name="classifier">Whose pictures they are to be.</param>
    /// <param name="wanted">Which rows, from 0; null for all.</param>
    /// <returns>The row, its file where it names one, and its pixels [C,H,W].</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is no image.</exception>
    public static IEnumerable<(long Row, string? File, byte[] Pixels)> Read(IDataView rows, ImageClassificationTransformer classifier, IReadOnlySet<long>? wanted = null)
    {
        ImagePreprocessing preprocessing = classifier.Model.Artifact.Manifest.Preprocessing;
        ImageColumn image = ImageColumn.BindOrFiles(rows.Schema, classifier.FeatureColumnName, preprocessing, classifier.Settings.MaxPixels);
        using DataViewRowCursor cursor = rows.GetRowCursor(image.Columns);
        (Func<RowImage> read, Func<string?> path) = (image.Reader(cursor), image.PathReader(cursor));
        for (long row = 0; cursor.MoveNext(); row++)
        {
            if (wanted?.Contains(row) != false && PixelsOf(read()) is { } pixels)
                yield return (row, path(), pixels);
        }
    }

    /// <summary>The same of so many rows at most, spread evenly over all; null for all.</summary>
    public static IEnumerable<(long Row, string? File, byte[] Pixels)> Spread(IDataView rows, ImageClassificationTransformer classifier, int? count)
    {
        if (count is not { } most)
            return Read(rows, classifier);
        long all = CountOf(rows);
        long taken = Math.Min(most, all);
        return Read(rows, classifier, Enumerable.Range(0, (int)taken).Select(i => i * all / taken).ToHashSet());
    }

    private static long CountOf(IDataView rows)
    {
        if (rows.GetRowCount() is { } known)
            return known;
        using DataViewRowCursor cursor = rows.GetRowCursor([]);
        long count = 0;
        while (cursor.MoveNext())
            count++;
        return count;
    }

    private static byte[]? PixelsOf(RowImage image)
    {
        try
        {
            return image.ToPixels();
        }
        catch (ImageDecodeException)
        {
            return null;
        }
    }
}
