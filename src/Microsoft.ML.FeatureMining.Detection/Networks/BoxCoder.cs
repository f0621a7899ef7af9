namespace Microsoft.ML.FeatureMining.Detection.Networks;

/// <summary>
/// The offsets (dx, dy, dw, dh) of a box from an anchor, which the network predicts: the shift of the center as a fraction of the anchor's size, and the
/// logarithms of the ratios of the sizes (Girshick et al. 2014, appendix C). As torchvision's <c>BoxCoder</c> with weights 1.
/// </summary>
internal static class BoxCoder
{
    /// <summary>The maximum of dw and dh: larger values are clamped before exp, so that a box is at most 62.5 times as wide and high as its anchor.</summary>
    public static readonly float MaxLogRatio = (float)Math.Log(1000.0 / 16);

    /// <summary>The offsets of a box from an anchor. Both must have a positive area.</summary>
    public static (float Dx, float Dy, float Dw, float Dh) Encode(in Box box, in Box anchor) =>
        (
            (CenterX(box) - CenterX(anchor)) / anchor.Width,
            (CenterY(box) - CenterY(anchor)) / anchor.Height,
            MathF.Log(box.Width / anchor.Width),
            MathF.Log(box.Height / anchor.Height)
        );

    /// <summary>The box at given offsets from an anchor. NaN where an offset is NaN.</summary>
    public static Box Decode(float dx, float dy, float dw, float dh, in Box anchor)
    {
        (float x, float y) = (dx * anchor.Width + CenterX(anchor), dy * anchor.Height + CenterY(anchor));
        float halfWidth = MathF.Exp(MathF.Min(dw, MaxLogRatio)) * anchor.Width * 0.5f;
        float halfHeight = MathF.Exp(MathF.Min(dh, MaxLogRatio)) * anchor.Height * 0.5f;
        return new Box(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight);
    }

    private static float CenterX(in Box box) => box.Left + 0.5f * box.Width;

    private static float CenterY(in Box box) => box.Top + 0.5f * box.Height;
}
