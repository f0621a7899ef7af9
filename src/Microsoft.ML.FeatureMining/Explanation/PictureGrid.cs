using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Pictures in rows and columns on white, such as the papers' figures.</summary>
internal static class PictureGrid
{
    private const int Gap = 4;

    /// <summary>Rows of RGB pictures; a null leaves its cell white. Rows may differ in length.</summary>
    public static DecodedImage Compose(IReadOnlyList<IReadOnlyList<DecodedImage?>> rows)
    {
        (int cellWidth, int cellHeight) = (rows.Max(row => row.Max(cell => cell?.Width ?? 1)), rows.Max(row => row.Max(cell => cell?.Height ?? 1)));
        int width = rows.Max(row => row.Count) * (cellWidth + Gap) - Gap;
        int height = rows.Count * (cellHeight + Gap) - Gap;
        byte[] pixels = new byte[checked(width * height * 3)];
        Array.Fill(pixels, byte.MaxValue);
        foreach ((int y, IReadOnlyList<DecodedImage?> row) in rows.Index())
        {
            foreach ((int x, DecodedImage? cell) in row.Index())
            {
                Paste(cell, pixels, width, x * (cellWidth + Gap), y * (cellHeight + Gap));
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
