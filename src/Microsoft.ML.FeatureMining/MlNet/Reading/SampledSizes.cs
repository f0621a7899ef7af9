using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.MlNet.Reading;

/// <summary>The sizes of some images of a data view, spread over its rows.</summary>
internal static class SampledSizes
{
    private const int Samples = 32;

    // The decoder is fast if it may reduce the image.
    private static readonly ImagePreprocessing Smallest = new() { Shape = new ImageShape(3, 8, 8) };

    /// <summary>The median of the shorter sides in pixels; null if there is no column of images with that name, or none of the images can be read.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="count">The number of rows; a part of it is enough.</param>
    /// <param name="imageColumnName">The column of images.</param>
    /// <param name="maxPixels">The largest image to decode, in pixels.</param>
    public static int? MedianSide(IDataView rows, int count, string imageColumnName, long maxPixels)
    {
        if (rows.Schema.GetColumnOrNull(imageColumnName) is not { } column || ImageColumn.ElementOf(column.Type) != PixelType.Byte)
        {
            return null;
        }

        ImageColumn images = ImageColumn.Bind(rows.Schema, imageColumnName, Smallest, maxPixels);
        ImageSource[] some;
        try
        {
            some = [.. Read(rows, images, Math.Max(1, count / Samples))];
        }
        catch (Exception e) when (e is ImageDecodeException or InputException)
        {
            return null;
        }

        var sides = new int[some.Length];
        ParallelLoop.For(some.Length, i => sides[i] = SideOf(some[i], images));
        int[] known = [.. sides.Where(side => side > 0).Order()];
        return known.Length > 0 ? known[known.Length / 2] : null;
    }

    private static IEnumerable<ImageSource> Read(IDataView rows, ImageColumn images, int step)
    {
        using DataViewRowCursor cursor = InputRows.Open(rows, images.Columns);
        Func<ImageSource> read = images.Reader(cursor);
        while (cursor.MoveNext())
        {
            if (cursor.Position % step == 0)
            {
                yield return read();
            }
        }
    }

    // 0 if it cannot be read; Fit says so.
    private static int SideOf(ImageSource image, ImageColumn images)
    {
        try
        {
            ImageSize size = images.Decode(image, new byte[images.ImageBytes]);
            return Math.Min(size.Width, size.Height);
        }
        catch (ImageDecodeException)
        {
            return 0;
        }
    }
}
