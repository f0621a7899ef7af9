namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>A box in integer coordinates of an image or a feature map. It may be empty.</summary>
/// <param name="Top">The first row, from 0.</param>
/// <param name="Left">The first column, from 0.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
internal readonly record struct PixelBox(int Top, int Left, int Height, int Width)
{
    /// <summary>The row after the last one.</summary>
    public int Bottom => Top + Height;

    /// <summary>The column after the last one.</summary>
    public int Right => Left + Width;

    public int Area => Height * Width;

    public bool Contains(int x, int y) => x >= Left && x < Right && y >= Top && y < Bottom;
}
