namespace Microsoft.ML.Data;

/// <summary>The order of a pixel's bytes.</summary>
public enum MLPixelFormat
{
    Unknown,
    Bgra32,
    Rgba32,
}
