using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>
/// Where the pixels of a batch come from, for augmentations that move pixels and change none: row y of image n from row <c>Rows[n * Height + y]</c>, column x from column
/// <c>Columns[n * Width + x]</c>. <see cref="Outside"/> for either stands for zeros.
/// </summary>
internal sealed class PixelMoves
{
    public const int Outside = -1;

    private const int Levels = 256;

    private readonly int[] _rows;
    private readonly int[] _columns;

    public PixelMoves(int height, int width, int[] rows, int[] columns)
    {
        (Height, Width, _rows, _columns) = (height, width, rows, columns);
    }

    public int Height { get; }

    public int Width { get; }

    public int Count => _rows.Length / Height;

    /// <summary>Leaves all pixels where they are.</summary>
    public static PixelMoves None(int count, int height, int width) =>
        new(height, width, [.. Enumerable.Range(0, count * height).Select(i => i % height)], [.. Enumerable.Range(0, count * width).Select(i => i % width)]);

    /// <summary>These moves after others, as one.</summary>
    public PixelMoves After(PixelMoves others) => new(Height, Width, Through(_rows, others._rows, Height), Through(_columns, others._columns, Width));

    /// <summary>Moves a batch [N,C,H,W] on its device.</summary>
    public Tensor Apply(Tensor images)
    {
        using DisposeScope scope = NewDisposeScope();
        // A row and a column of zeros at the end, where an index of -1 finds them.
        Tensor padded = nn.functional.pad(images, [0, 1, 0, 1], PaddingModes.Constant, 0);
        // One gather does it all. The images' axis and the two pixel axes are indexed together, so the channels come last: [N,H,W,C].
        Tensor gathered = padded.index(
            TensorIndex.Tensor(arange(Count, dtype: ScalarType.Int64, device: images.device).view(Count, 1, 1)), TensorIndex.Slice(),
            TensorIndex.Tensor(Indices(_rows, images.device).view(Count, Height, 1)),
            TensorIndex.Tensor(Indices(_columns, images.device).view(Count, 1, Width)));
        return gathered.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>Moves the pixels of image <paramref name="n"/>, from [C,H,W] to [C,H,W].</summary>
    public void Move<T>(int n, ReadOnlySpan<T> image, Span<T> target)
        where T : unmanaged
    {
        ReadOnlySpan<int> columns = _columns.AsSpan(n * Width, Width);
        for (int at = 0; at < target.Length; at += Width)
        {
            int row = _rows[(n * Height) + (at / Width % Height)];
            Span<T> line = target.Slice(at, Width);
            if (row == Outside)
            {
                line.Clear();
                continue;
            }

            ReadOnlySpan<T> source = image.Slice((at / Width / Height * Height * Width) + (row * Width), Width);
            for (int x = 0; x < line.Length; x++)
            {
                line[x] = columns[x] == Outside ? default : source[columns[x]];
            }
        }
    }

    /// <summary>Moves the pixels of image <paramref name="n"/> and looks up a number for each, from [C,H,W] to [H,W,C].</summary>
    /// <param name="n">Which image of the batch.</param>
    /// <param name="image">Its bytes.</param>
    /// <param name="levels">For each channel the number that stands for each byte, [C,256].</param>
    /// <param name="target">The numbers.</param>
    public void Look(int n, ReadOnlySpan<byte> image, ReadOnlySpan<float> levels, Span<float> target)
    {
        int channels = levels.Length / Levels;
        ReadOnlySpan<int> columns = _columns.AsSpan(n * Width, Width);
        for (int y = 0; y < Height; y++)
        {
            int row = _rows[(n * Height) + y];
            Span<float> line = target.Slice(y * Width * channels, Width * channels);
            for (int channel = 0; channel < channels; channel++)
            {
                ReadOnlySpan<float> numbers = levels.Slice(channel * Levels, Levels);
                ReadOnlySpan<byte> source = row == Outside ? [] : image.Slice(((channel * Height) + row) * Width, Width);
                int at = channel;
                foreach (int column in columns)
                {
                    line[at] = numbers[(uint)column < (uint)source.Length ? source[column] : 0];
                    at += channels;
                }
            }
        }
    }

    private static int[] Through(int[] last, int[] first, int size)
    {
        int[] through = new int[last.Length];
        for (int i = 0; i < through.Length; i++)
        {
            through[i] = last[i] == Outside ? Outside : first[(i / size * size) + last[i]];
        }

        return through;
    }

    private static Tensor Indices(int[] places, Device device) => tensor(Array.ConvertAll(places, place => (long)place), device: device);
}
