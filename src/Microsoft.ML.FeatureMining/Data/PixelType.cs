namespace Microsoft.ML.FeatureMining.Data;

/// <summary>How a stored image represents one value.</summary>
internal enum PixelType
{
    /// <summary>One byte, 0 to 255.</summary>
    Byte,

    /// <summary>Four bytes, a little-endian IEEE single.</summary>
    Single,
}
