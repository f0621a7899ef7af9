using Microsoft.ML.FeatureMining.Imaging;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>How one value of an image is stored.</summary>
internal enum PixelType
{
    /// <summary>One byte, 0 to 255.</summary>
    Byte,

    /// <summary>Four bytes, a little-endian IEEE single.</summary>
    Single,
}

/// <summary>Sizes of images.</summary>
internal static class PixelTypes
{
    /// <summary>Bytes of one image.</summary>
    public static int ImageBytes(this ImageShape shape, PixelType element) =>
        checked(shape.Length * (element == PixelType.Byte ? sizeof(byte) : sizeof(float)));
}
