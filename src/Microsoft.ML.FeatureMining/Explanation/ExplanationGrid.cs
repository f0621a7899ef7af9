using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Draws explanations as one image, like the figures of the papers.</summary>
public static class ExplanationGrid
{
    /// <summary>
    /// One row per image: the image, its class activation map, Grad-CAM of each stage, and Grad-CAM of each split of a Split-and-Share head (Lee et al. 2021,
    /// figures 2 and 3). For an ensemble: the mean map and the map of each network. Below each image is its caption, and below each map its name.
    /// </summary>
    /// <param name="rows">The images.</param>
    /// <param name="side">The longer side of a cell, in pixels.</param>
    /// <returns>A PNG file.</returns>
    /// <exception cref="ArgumentException">There are no images.</exception>
    public static byte[] FromImages(IEnumerable<ImageExplanation> rows, int side = 112)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return Encode([.. rows.Select(Row)]);

        DecodedImage?[] Row(ImageExplanation row) =>
            [
                CaptionText.Below(Overlay.Draw(row.Image, null, side), row.Caption),
                .. row.NamedMaps.Select(entry =>
                    CaptionText.Below(Overlay.Draw(row.Image, entry.Map, side), entry.Name.Replace(", ", "\n", StringComparison.Ordinal))
                ),
            ];
    }

    /// <summary>
    /// One row per model and one column per image. The first row shows the images; each other row shows a model's main maps, with their captions. If a model
    /// was trained on a part of its last features, the first column shows the part of each model: white for the part and gray for the rest (Xie et al. 2022,
    /// figure 1).
    /// </summary>
    /// <param name="models">
    /// For each model, the part of the features (null for all features), and the explanations of the same images in the same order.
    /// </param>
    /// <param name="side">The longer side of a cell, in pixels.</param>
    /// <returns>A PNG file.</returns>
    /// <exception cref="ArgumentException">There are no models, or there are no images.</exception>
    public static byte[] FromModels(IReadOnlyList<(HeatMap? FixedMaskMap, IReadOnlyList<ImageExplanation> Images)> models, int side = 112)
    {
        ArgumentNullException.ThrowIfNull(models);
        bool hasParts = models.Any(model => model.FixedMaskMap is not null);
        return Encode([
            .. models.Take(1).Select(first => Row(null, first.Images, _ => null)),
            .. models.Select(model => Row(Part(model.FixedMaskMap, side), model.Images, image => image.MainMap)),
        ]);

        DecodedImage?[] Row(DecodedImage? part, IReadOnlyList<ImageExplanation> images, Func<ImageExplanation, HeatMap?> map)
        {
            IEnumerable<DecodedImage?> cells = images.Select(image =>
                map(image) is { } one ? CaptionText.Below(Overlay.Draw(image.Image, one, side), image.Caption) : Overlay.Draw(image.Image, null, side)
            );
            return [.. hasParts ? cells.Prepend(part) : cells];
        }
    }

    // A gray frame separates the white from the page.
    private static DecodedImage Part(HeatMap? part, int side)
    {
        const byte Discarded = 150;
        IEnumerable<byte> gray =
            from y in Enumerable.Range(0, side)
            from x in Enumerable.Range(0, side)
            let isFrame = x == 0 || y == 0 || x == side - 1 || y == side - 1
            let isKept = part is null || part.Values[y * part.Height / side * part.Width + x * part.Width / side] > 0
            select isKept && !isFrame ? byte.MaxValue : Discarded;
        return new DecodedImage(side, side, 3, [.. gray.SelectMany(value => new[] { value, value, value })]);
    }

    private static byte[] Encode(DecodedImage?[][] rows)
    {
        if (rows.Length == 0 || rows[0].Length == 0)
        {
            throw new ArgumentException("There are no images to show. Pass at least one explanation.", nameof(rows));
        }

        DecodedImage grid = ImageGrid.Compose(rows);
        return ImageCodec.EncodePng(grid.Pixels, grid.Width, grid.Height);
    }
}

/// <summary>Images in rows and columns on white, like the figures of the papers.</summary>
internal static class ImageGrid
{
    private const int Gap = 4;

    /// <summary>Rows of RGB images; a null leaves its cell white. Rows may differ in length.</summary>
    public static DecodedImage Compose(IReadOnlyList<IReadOnlyList<DecodedImage?>> rows)
    {
        int cellWidth = rows.Max(row => row.Max(cell => cell?.Width ?? 1));
        int[] heights = [.. rows.Select(row => row.Max(cell => cell?.Height ?? 1) + Gap)];
        int width = rows.Max(row => row.Count) * (cellWidth + Gap) - Gap;
        int height = heights.Sum() - Gap;
        byte[] pixels = new byte[checked(width * height * 3)];
        Array.Fill(pixels, byte.MaxValue);
        foreach ((int y, IReadOnlyList<DecodedImage?> row) in rows.Index())
        {
            foreach ((int x, DecodedImage? cell) in row.Index())
            {
                Paste(cell, pixels, width, x * (cellWidth + Gap), heights.Take(y).Sum());
            }
        }

        return new DecodedImage(width, height, 3, pixels);
    }

    private static void Paste(DecodedImage? cell, byte[] pixels, int width, int left, int top)
    {
        for (int y = 0; y < (cell?.Height ?? 0); y++)
        {
            cell!.Pixels.AsSpan(y * cell.Width * 3, cell.Width * 3).CopyTo(pixels.AsSpan(((top + y) * width + left) * 3));
        }
    }
}
