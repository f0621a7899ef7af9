using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>Adds <see cref="ImagePreprocessing"/>, normalization and <see cref="TestTimeViews"/> to an ONNX graph.</summary>
internal static class OnnxPreprocessing
{
    private const int Rgb = 3;

    /// <summary>Resizes and crops images.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="images">RGB bytes [N,H,W,3] of any size.</param>
    /// <param name="preprocessing">The size and the crop.</param>
    /// <returns>Floats [N,C,h,w], 0 to 255, of the shape of the preprocessing.</returns>
    public static OnnxValue Resize(OnnxGraphBuilder graph, OnnxValue images, ImagePreprocessing preprocessing)
    {
        ImageShape shape = preprocessing.Shape,
            whole = preprocessing.Uncropped().Shape;
        OnnxValue channels = shape.Channels == Rgb ? images : Gray(graph, images);
        OnnxValue planar = graph.Node("Transpose", [channels], OnnxAttribute.Ints("perm", 0, 3, 1, 2)); // [N,C,H,W]
        OnnxValue size = graph.Node("Shape", [planar]);
        OnnxValue height = graph.Slice(size, 0, 2, 3);
        OnnxValue width = graph.Slice(size, 0, 3, 4);
        (OnnxValue newHeight, OnnxValue newWidth) =
            preprocessing.Resize == ResizeRule.Squash
                ? (graph.Integers(whole.Height), graph.Integers(whole.Width))
                : Cover(graph, height, width, graph.Integers(whole.Height), graph.Integers(whole.Width));
        OnnxValue resized = graph.Node(
            "Resize",
            [planar, OnnxValue.Omitted, OnnxValue.Omitted, graph.Concat(0, graph.Slice(size, 0, 0, 2), newHeight, newWidth)],
            OnnxAttribute.String("mode", preprocessing.Filter == ResizeFilter.Bicubic ? "cubic" : "linear"),
            OnnxAttribute.Float("cubic_coeff_a", -0.5f),
            OnnxAttribute.Int("antialias", 1),
            // The weights at the borders sum to 1, as Pillow's do.
            OnnxAttribute.Int("exclude_outside", 1),
            OnnxAttribute.String("coordinate_transformation_mode", "half_pixel")
        );
        OnnxValue rows = Crop(graph, resized, 2, newHeight, whole.Height, shape.Height);
        return graph.Cast(Crop(graph, rows, 3, newWidth, whole.Width, shape.Width), OnnxType.Float) with
        {
            Shape = [-1, shape.Channels, shape.Height, shape.Width],
        };
    }

    /// <summary>(x - mean) / std per channel; a std of 0 counts as 1.</summary>
    public static OnnxValue Normalize(OnnxGraphBuilder graph, OnnxValue pixels, ModelManifest manifest)
    {
        float[] scale = ChannelScale.Of(manifest.Std);
        OnnxValue centered = graph.Sub(pixels, graph.Floats("mean", [.. manifest.Mean], 1, scale.Length, 1, 1));
        return graph.Mul(centered, graph.Floats("scale", scale, 1, scale.Length, 1, 1)) with { Shape = pixels.Shape };
    }

    /// <summary>The views of <see cref="TestTimeViews.Of"/>.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="augmentation">The kind of views.</param>
    /// <param name="images">[N,C,H,W], with its shape.</param>
    /// <param name="network">The shape of a view.</param>
    public static IReadOnlyList<OnnxValue> Views(OnnxGraphBuilder graph, TestTimeAugmentation augmentation, OnnxValue images, ImageShape network)
    {
        if (augmentation == TestTimeAugmentation.None)
        {
            return [images];
        }

        OnnxValue[] sides = [images, graph.Slice(images, 3, -1, long.MinValue, -1)];
        return augmentation == TestTimeAugmentation.Flip
            ? sides
            :
            [
                .. from side in sides
                from corner in TenCrop.Corners(images.Shape![2], images.Shape[3], network.Height, network.Width)
                let rows = graph.Slice(side, 2, corner.Top, corner.Top + network.Height)
                select graph.Slice(rows, 3, corner.Left, corner.Left + network.Width),
            ];
    }

    // As DecodedImage.ToGray.
    private static OnnxValue Gray(OnnxGraphBuilder graph, OnnxValue images)
    {
        OnnxValue weighted = graph.Mul(graph.Cast(images, OnnxType.Int32), graph.Integers32(19595, 38470, 7471));
        OnnxValue sum = graph.Add(graph.Node("ReduceSum", [weighted, graph.Integers(3)], OnnxAttribute.Int("keepdims", 1)), graph.Integers32(0x8000));
        return graph.Cast(graph.Node("Div", [sum, graph.Integers32(0x10000)]), OnnxType.UInt8);
    }

    // The size that just covers the target; the longer side is truncated.
    private static (OnnxValue Height, OnnxValue Width) Cover(
        OnnxGraphBuilder graph,
        OnnxValue height,
        OnnxValue width,
        OnnxValue targetHeight,
        OnnxValue targetWidth
    )
    {
        OnnxValue across = graph.Mul(width, targetHeight),
            down = graph.Mul(height, targetWidth);
        OnnxValue isNarrow = graph.Node("LessOrEqual", [across, down]);
        return (
            graph.Node("Where", [isNarrow, graph.Node("Div", [down, width]), targetHeight]),
            graph.Node("Where", [isNarrow, targetWidth, graph.Node("Div", [across, height])])
        );
    }

    // The middle of the whole, and of that the middle to keep. Halves round to even, as in ResizeWindow.Margin.
    private static OnnxValue Crop(OnnxGraphBuilder graph, OnnxValue x, long axis, OnnxValue size, int whole, int kept)
    {
        OnnxValue excess = graph.Cast(graph.Sub(size, graph.Integers(whole)), OnnxType.Float);
        OnnxValue margin = graph.Cast(graph.Node("Round", [graph.Mul(excess, graph.Constant(0.5f))]), OnnxType.Int64);
        OnnxValue start = graph.Add(margin, graph.Integers(ResizeWindow.Margin(whole, kept)));
        return graph.Slice(x, axis, start, graph.Add(start, graph.Integers(kept)));
    }
}
