using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Augmentation.Engine;

/// <summary>How the pixels of a batch move, for augmentations that move pixels and change none: for each image a move of its rows and one of its columns. What comes from outside is 0.</summary>
/// <param name="source">The images' shape before.</param>
/// <param name="height">Their rows after.</param>
/// <param name="width">Their columns after.</param>
/// <param name="images">For each of them.</param>
internal sealed class PixelMoves(ImageShape source, int height, int width, IReadOnlyList<(AxisMove Rows, AxisMove Columns)> images) : BatchOperation
{
    private readonly (AxisMove Rows, AxisMove Columns)[] _images = [.. images];

    public int Count => _images.Length;

    public override ImageShape Result => source with { Height = height, Width = width };

    private ImageShape Source => source;

    /// <summary>Leaves all pixels where they are.</summary>
    public static PixelMoves None(int count, ImageShape shape) => Middle(count, shape, shape);

    /// <summary>Cuts out the middle.</summary>
    public static PixelMoves Middle(int count, ImageShape source, ImageShape target) =>
        new(source, target.Height, target.Width, [.. Enumerable.Repeat((Middle(source.Height, target.Height), Middle(source.Width, target.Width)), count)]);

    /// <summary>These moves after others, as one.</summary>
    public PixelMoves After(PixelMoves others) =>
        new(others.Source, height, width, [.. _images.Zip(others._images, (last, first) => (last.Rows.After(first.Rows), last.Columns.After(first.Columns)))]);

    /// <summary>Moves a batch [N,C,H,W] on its device.</summary>
    public Tensor Apply(Tensor batch)
    {
        using DisposeScope scope = NewDisposeScope();
        // A row and a column of zeros at the end, for what comes from outside.
        Tensor padded = nn.functional.pad(batch, [0, 1, 0, 1], PaddingModes.Constant, 0);
        long[] rows = [.. _images.SelectMany(image => Enumerable.Range(0, height).Select(y => (long)(image.Rows.Source(y) ?? source.Height)))];
        long[] columns = [.. _images.SelectMany(image => Enumerable.Range(0, width).Select(x => (long)(image.Columns.Source(x) ?? source.Width)))];
        // One gather does it all. The images' axis and the two pixel axes are indexed together, so the channels come last: [N,H,W,C].
        Tensor gathered = padded.index(
            TensorIndex.Tensor(TensorMath.Arange(Count, ScalarType.Int64, batch.device).view(Count, 1, 1)), TensorIndex.Slice(),
            TensorIndex.Tensor(tensor(rows, device: batch.device).view(Count, height, 1)),
            TensorIndex.Tensor(tensor(columns, device: batch.device).view(Count, 1, width)));
        return gathered.permute(0, 3, 1, 2).MoveToOuterDisposeScope();
    }

    public override void Apply(int n, ReadOnlySpan<byte> image, Span<byte> target) => Move(n, image, target);

    /// <summary>Moves the pixels of image <paramref name="n"/>, planar both.</summary>
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

    /// <summary>Moves the pixels of image <paramref name="n"/> and makes numbers of them, from [C,H,W] to [H,W,C].</summary>
    public void Move(int n, ReadOnlySpan<byte> image, PixelNumbers numbers, Span<float> target)
    {
        (AxisMove rows, AxisMove columns) = _images[n];
        int row = width * numbers.Channels;
        for (int y = 0; y < height; y++)
        {
            Span<float> line = target.Slice(y * row, row);
            if (rows.Source(y) is not { } from || columns.From == columns.End)
            {
                numbers.OfZeros(line);
                continue;
            }

            numbers.OfZeros(line[..(columns.From * numbers.Channels)]);
            numbers.OfZeros(line[(columns.End * numbers.Channels)..]);
            int first = (from * source.Width) + columns.Source(columns.From)!.Value;
            numbers.OfPixels(image, source.Height * source.Width, first, columns.Step, line[(columns.From * numbers.Channels)..(columns.End * numbers.Channels)]);
        }
    }

    private static AxisMove Middle(int size, int count) => AxisMove.Cut((int)ResizeWindow.Margin(size, count), count);
}

/// <summary>Along one axis: place i of the result comes from place <c>Start + Step * i</c>, for i from From up to End, without it; all others are outside.</summary>
/// <param name="Start">Source index of output index 0; may be out of range.</param>
/// <param name="Step">1, or -1 where the axis is mirrored.</param>
/// <param name="From">The first place that is inside.</param>
/// <param name="End">Behind the last one.</param>
internal readonly record struct AxisMove(int Start, int Step, int From, int End)
{
    /// <summary>Leaves everything in its place.</summary>
    public static AxisMove None(int size) => new(0, 1, 0, size);

    /// <summary>Takes <paramref name="size"/> places from <paramref name="offset"/> on, all of them inside.</summary>
    public static AxisMove Cut(int offset, int size) => new(offset, 1, 0, size);

    /// <summary>Takes as many places from <paramref name="offset"/> on, and mirrors those where that is wanted.</summary>
    public static AxisMove Shift(int offset, bool mirrored, int size) => Clipped(mirrored ? size - 1 + offset : offset, mirrored ? -1 : 1, 0, size, None(size));

    /// <summary>This move after another one, as one.</summary>
    public AxisMove After(AxisMove first)
    {
        AxisMove clipped = Clipped(Start, Step, From, End, first);
        return clipped with { Start = first.Start + (first.Step * Start), Step = first.Step * Step };
    }

    /// <summary>Where a place comes from; null for one that is outside.</summary>
    public int? Source(int place) => place >= From && place < End ? Start + (Step * place) : null;

    // Of the places from..end those that come from the inside of what was there before.
    private static AxisMove Clipped(int start, int step, int from, int end, AxisMove before)
    {
        int first = Math.Max(from, step > 0 ? before.From - start : start - before.End + 1);
        int last = Math.Min(end, step > 0 ? before.End - start : start - before.From + 1);
        return new AxisMove(start, step, first, Math.Max(first, last));
    }
}
