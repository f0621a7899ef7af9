using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Explaining;

/// <summary>The pictures of a data view as networks take them; those that cannot be read are left out.</summary>
internal static class PictureRows
{
    /// <param name="rows">With the image column, or with files named by a text column ImagePath.</param>
    /// <param name="networks">Whose pictures they are to be; their column is the first's.</param>
    /// <param name="wanted">Which rows, from 0; null for all.</param>
    /// <returns>The row, its file where it names one, and its pixels [C,H,W] for each network.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is no image.</exception>
    public static IEnumerable<(long Row, string? File, byte[][] Pixels)> Read(
        IDataView rows, IReadOnlyList<ImageClassificationTransformer> networks, IReadOnlySet<long>? wanted = null)
    {
        ImagePreprocessing[] kinds = [.. networks.Select(network => network.Model.Artifact.Manifest.Preprocessing)];
        ImageColumn image = ImageColumn.BindOrFiles(rows.Schema, networks[0].FeatureColumnName, kinds[0], networks[0].Settings.MaxPixels);
        using DataViewRowCursor cursor = rows.GetRowCursor(image.Columns);
        (Func<RowImage> read, Func<string?> path) = (image.Reader(cursor), image.PathReader(cursor));
        for (long row = 0; cursor.MoveNext(); row++)
        {
            if (wanted?.Contains(row) != false && PixelsOf(read(), kinds) is { } pixels)
                yield return (row, path(), pixels);
        }
    }

    /// <summary>The same of so many rows at most, spread evenly over all; null for all.</summary>
    public static IEnumerable<(long Row, string? File, byte[][] Pixels)> Spread(IDataView rows, IReadOnlyList<ImageClassificationTransformer> networks, int? count)
    {
        if (count is not { } most)
            return Read(rows, networks);
        long all = CountOf(rows);
        long taken = Math.Min(most, all);
        return Read(rows, networks, Enumerable.Range(0, (int)taken).Select(i => i * all / taken).ToHashSet());
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

    private static byte[][]? PixelsOf(RowImage image, ImagePreprocessing[] kinds)
    {
        try
        {
            return [.. kinds.Select(kind => image.For(kind).ToPixels())];
        }
        catch (ImageDecodeException)
        {
            return null;
        }
    }
}
