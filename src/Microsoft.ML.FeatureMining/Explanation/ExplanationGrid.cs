using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Explanations as one picture, such as the papers' figures.</summary>
public static class ExplanationGrid
{
    /// <summary>A row for each image: the image, its class activation map, Grad-CAM of each stage, and of each split of a Split-and-Share head (Lee et al. 2021, figures 2 and 3).</summary>
    /// <param name="rows">The images.</param>
    /// <param name="side">The longer side of a cell, in pixels.</param>
    /// <returns>A PNG file.</returns>
    /// <exception cref="ArgumentException">There is no image.</exception>
    public static byte[] OfImages(IEnumerable<ImageExplanation> rows, int side = 112)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return Encode([.. rows.Select(row => Maps(row).Select(map => Overlay.Draw(row.Picture, map, side)).ToArray())]);
    }

    /// <summary>A row for each model, a column for each image: first the images, then the main map of each model (Xie et al. 2022, figure 1, whose rows are networks trained on different parts of their features).</summary>
    /// <param name="models">For each model the explanations of the same images in the same order.</param>
    /// <param name="side">The longer side of a cell, in pixels.</param>
    /// <returns>A PNG file.</returns>
    /// <exception cref="ArgumentException">There is no model, or none of an image.</exception>
    public static byte[] OfModels(IReadOnlyList<IReadOnlyList<ImageExplanation>> models, int side = 112)
    {
        ArgumentNullException.ThrowIfNull(models);
        DecodedImage[][] maps = [.. models.Select(model => model.Select(image => Overlay.Draw(image.Picture, image.MainMap, side)).ToArray())];
        return Encode(models.Count == 0 ? [] : [[.. models[0].Select(image => Overlay.Draw(image.Picture, null, side))], .. maps]);
    }

    private static IEnumerable<HeatMap?> Maps(ImageExplanation image) => [null, .. image.ClassMap is { } cam ? new[] { cam } : [], .. image.StageMaps, .. image.SplitMaps];

    private static byte[] Encode(DecodedImage[][] rows)
    {
        if (rows.Length == 0 || rows[0].Length == 0)
        {
            throw new ArgumentException("There is nothing to show.", nameof(rows));
        }

        DecodedImage grid = PictureGrid.Compose(rows);
        using MemoryStream stream = new();
        PngWriter.Write(stream, grid.Pixels, grid.Width, grid.Height);
        return stream.ToArray();
    }
}
