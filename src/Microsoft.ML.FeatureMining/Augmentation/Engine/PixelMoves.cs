using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>
/// Crops, zero padding and flips: operations that move pixels without changing their values. Each image has one move of its rows and one of its columns. A
/// pixel from outside the image is 0. Consecutive moves are combined into one.
/// </summary>
/// <param name="source">The shape of the images before.</param>
/// <param name="height">Their rows after.</param>
/// <param name="width">Their columns after.</param>
/// <param name="images">The moves of each image.</param>
internal sealed class PixelMoves(ImageShape source, int height, int width, IReadOnlyList<(AxisMove Rows, AxisMove Columns)> images) : BatchOperation
{
    private readonly (AxisMove Rows, AxisMove Columns)[] _images = [.. images];

    public int Count => _images.Length;

    public override ImageShape Result => source with { Height = height, Width = width };

    private ImageShape Source => source;

    /// <summary>Moves nothing.</summary>
    public static PixelMoves None(int count, ImageShape shape) => Middle(count, shape, shape);

    /// <summary>A center crop.</summary>
    public static PixelMoves Middle(int count, ImageShape source, ImageShape target) =>
        new(source, target.Height, target.Width, [.. Enumerable.Repeat((Middle(source.Height, target.Height), Middle(source.Width, target.Width)), count)]);

    /// <summary>These moves after others, as one.</summary>
    public PixelMoves After(PixelMoves others) =>
        new(others.Source, height, width, [.. _images.Zip(others._images, (last, first) => (last.Rows.After(first.Rows), last.Columns.After(first.Columns)))]);

    /// <summary>Moves a batch [N,C,H,W] on its device.</summary>
    public Tensor Apply(Tensor batch)
    {
        using DisposeScope scope = NewDisposeScope();
        // A row and a column of zeros at the end, as the source of pixels from outside.
        Tensor padded = nn.functional.pad(batch, [0, 1, 0, 1], PaddingModes.Constant, 0);
        long[] rows = [.. _images.SelectMany(image => Enumerable.Range(0, height).Select(y => (long)(image.Rows.Source(y) ?? source.Height)))];
        long[] columns = [.. _images.SelectMany(image => Enumerable.Range(0, width).Select(x => (long)(image.Columns.Source(x) ?? source.Width)))];
        // One gather moves all images. The batch axis and the two pixel axes are indexed together, so the channels come last: [N,H,W,C].
        Tensor gathered = padded.index(
            TensorIndex.Tensor(TensorMath.Arange(Count, ScalarType.Int64, batch.device).view(Count, 1, 1)),
            TensorIndex.Slice(),
            TensorIndex.Tensor(rows.Upload(batch.device).view(Count, height, 1)),
            TensorIndex.Tensor(columns.Upload(batch.device).view(Count, 1, width))
        );
        return gathered.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    public override void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target) => Move(n, image, target);

    /// <summary>Moves the pixels of image <paramref name="n"/>, from [C,H,W] to [C,H',W'].</summary>
    public void Move<T>(int n, ReadOnlySpan<T> image, Span<T> target)
        where T : unmanaged
    {
        AxisMove columns = _images[n].Columns;
        for (int at = 0; at < target.Length; at += width)
        {
            Span<T> line = target.Slice(at, width);
            line.Clear();
            (int plane, int y) = (at / width / height * source.Height, at / width % height);
            if (_images[n].Rows.Source(y) is not { } row || columns.From == columns.End)
            {
                continue;
            }

            Span<T> inside = line[columns.From..columns.End];
            int first = Math.Min(columns.Source(columns.From)!.Value, columns.Source(columns.End - 1)!.Value);
            image.Slice(((plane + row) * source.Width) + first, inside.Length).CopyTo(inside);
            if (columns.Step < 0)
            {
                inside.Reverse();
            }
        }
    }

    /// <summary>Moves the pixels of image <paramref name="n"/> and normalizes them in the same pass, from bytes [C,H,W] to floats [H',W',C].</summary>
    public void Move(int n, ReadOnlySpan<byte> image, ByteNormalizer normalizer, Span<float> target)
    {
        (AxisMove rows, AxisMove columns) = _images[n];
        int row = width * normalizer.Channels;
        for (int y = 0; y < height; y++)
        {
            Span<float> line = target.Slice(y * row, row);
            if (rows.Source(y) is not { } from || columns.From == columns.End)
            {
                normalizer.Zeros(line);
                continue;
            }

            normalizer.Zeros(line[..(columns.From * normalizer.Channels)]);
            normalizer.Zeros(line[(columns.End * normalizer.Channels)..]);
            int first = (from * source.Width) + columns.Source(columns.From)!.Value;
            Span<float> inside = line[(columns.From * normalizer.Channels)..(columns.End * normalizer.Channels)];
            normalizer.Pixels(image, source.Height * source.Width, first, columns.Step, inside);
        }
    }

    private static AxisMove Middle(int size, int count) => AxisMove.Cut((int)ResizeWindow.Margin(size, count), count);
}

/// <summary>A move along one axis: output i comes from input Start + Step * i if From &lt;= i &lt; End, and from outside otherwise.</summary>
/// <param name="Start">The input of output 0; may be out of range.</param>
/// <param name="Step">1, or -1 if the axis is flipped.</param>
/// <param name="From">The first output that comes from inside.</param>
/// <param name="End">The output after the last one that comes from inside.</param>
internal readonly record struct AxisMove(int Start, int Step, int From, int End)
{
    /// <summary>Moves nothing.</summary>
    public static AxisMove None(int size) => new(0, 1, 0, size);

    /// <summary>Crops: takes <paramref name="size"/> inputs, starting at <paramref name="offset"/>, all of them inside.</summary>
    public static AxisMove Cut(int offset, int size) => new(offset, 1, 0, size);

    /// <summary>
    /// Pads and crops back: takes <paramref name="size"/> inputs, starting at <paramref name="offset"/>. Some may be outside. Then flips them if requested.
    /// </summary>
    public static AxisMove Shift(int offset, bool flipped, int size) => Clipped(flipped ? size - 1 + offset : offset, flipped ? -1 : 1, 0, size, None(size));

    /// <summary>This move after another one, as one.</summary>
    public AxisMove After(AxisMove first)
    {
        AxisMove clipped = Clipped(Start, Step, From, End, first);
        return clipped with { Start = first.Start + (first.Step * Start), Step = first.Step * Step };
    }

    /// <summary>The input that an output comes from; null for outside.</summary>
    public int? Source(int output) => output >= From && output < End ? Start + (Step * output) : null;

    // Narrows from..end to the outputs that come from inside the result of the move before.
    private static AxisMove Clipped(int start, int step, int from, int end, AxisMove before)
    {
        int first = Math.Max(from, step > 0 ? before.From - start : start - before.End + 1);
        int last = Math.Min(end, step > 0 ? before.End - start : start - before.From + 1);
        return new AxisMove(start, step, first, Math.Max(first, last));
    }
}
