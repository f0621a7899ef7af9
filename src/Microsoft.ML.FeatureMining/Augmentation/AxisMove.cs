namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Along one axis: place i of the result comes from place <c>Start + Step * i</c>, for i from From up to End, without it; all others are outside.</summary>
/// <param name="Start">Where place 0 comes from, be it outside.</param>
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
