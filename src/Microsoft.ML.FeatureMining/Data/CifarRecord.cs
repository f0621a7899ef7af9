namespace Microsoft.ML.FeatureMining.Data;

/// <summary>One image of a CIFAR file.</summary>
/// <param name="Pixels">[3, 32, 32]: the red plane, the green, the blue, each row by row; 0 to 255.</param>
/// <param name="Label">The class: 0 to 9 (CIFAR-10), the fine label 0 to 99 (CIFAR-100).</param>
internal readonly record struct CifarRecord(byte[] Pixels, int Label)
{
    /// <summary>The picture as a PNG file, not compressed: it is made to be decoded at once.</summary>
    internal byte[] ToPng()
    {
        (int channels, int height, int width) = CifarBinary.Shape;
        byte[] interleaved = new byte[Pixels.Length];
        for (int c = 0; c < channels; c++)
            for (int i = 0; i < height * width; i++)
                interleaved[(i * channels) + c] = Pixels[(c * height * width) + i];
        return ImageCodec.EncodePng(interleaved, width, height, level: 0);
    }
}
