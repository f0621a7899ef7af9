namespace Microsoft.ML.FeatureMining.Imaging;

/// <summary>The shape of one image in planar order: channels, rows, columns.</summary>
/// <param name="Channels">1 (gray) or 3 (red, green, blue).</param>
/// <param name="Height">Rows, in pixels.</param>
/// <param name="Width">Columns, in pixels.</param>
public readonly record struct ImageShape(int Channels, int Height, int Width)
{
    internal const int MaxSide = 1 << 16;
    internal const int MaxChannels = 1024;

    /// <summary>The most values of an image that a network may have as input: 1 GiB as floats.</summary>
    internal const int MaxLength = 1 << 28;

    /// <summary>Values in one image: <c>Channels * Height * Width</c>.</summary>
    public int Length => checked(Channels * Height * Width);

    /// <summary>Whether a network may have this input: sides from 1 to <see cref="MaxSide"/>, 1 to <see cref="MaxChannels"/> channels, at most
    /// <see cref="MaxLength"/> values.</summary>
    internal bool IsInRange =>
        Channels is >= 1 and <= MaxChannels && Height is >= 1 and <= MaxSide && Width is >= 1 and <= MaxSide && (long)Height * Width <= MaxLength / Channels;

    /// <summary>The shape as <c>CxHxW</c>.</summary>
    public override string ToString() => FormattableString.Invariant($"{Channels}x{Height}x{Width}");
}

/// <summary>The size of an upright image in pixels, before it is resized.</summary>
internal readonly record struct ImageSize(int Width, int Height)
{
    public override string ToString() => FormattableString.Invariant($"{Width}x{Height}");
}
