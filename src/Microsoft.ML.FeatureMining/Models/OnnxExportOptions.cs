namespace Microsoft.ML.FeatureMining.Models;

/// <summary>How a model is exported to ONNX.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>The input of the exported model.</summary>
    /// <value><see cref="OnnxInput.RawImages"/>.</value>
    public OnnxInput Input { get; init; } = OnnxInput.RawImages;

    /// <summary>
    /// Whether matrices and convolution kernels are stored as float16, which halves the file. The runtime converts them to float when it loads the model, and
    /// computes with floats, so that the speed is the same.
    /// </summary>
    /// <value>false.</value>
    public bool Float16Weights { get; init; }

    /// <summary>Models with more bytes of weights have them in a second file: ONNX files must be smaller than 2 GiB.</summary>
    internal long MaxEmbeddedBytes { get; init; } = 2_000_000_000;

    /// <summary>Called between the second file and the first, for tests.</summary>
    internal Action? OnDataWritten { get; init; }
}

/// <summary>The input of an exported model.</summary>
public enum OnnxInput
{
    /// <summary>
    /// Decoded images: RGB bytes [N,H,W,3] of any height and width, one size per batch, upright. The model resizes, crops and normalizes them.
    /// </summary>
    RawImages,

    /// <summary>Floats [N,C,H,W] of the network's size, resized, cropped and normalized by the caller: (pixel - mean) / std.</summary>
    NormalizedFloats,
}
