using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>Collects images one at a time into an <see cref="ImageSet"/> in memory.</summary>
internal sealed class ImageSetBuilder(ImageShape shape, PixelType element = PixelType.Byte)
{
    private readonly MemoryPixels _pixels = new(PixelTypes.ImageBytes(shape, element));
    private readonly List<int> _labels = [];

    public int Count => _pixels.Count;

    /// <param name="image">[C,H,W]; little-endian floats if the element is <see cref="PixelType.Single"/>.</param>
    /// <param name="label">The class.</param>
    public void Add(ReadOnlySpan<byte> image, int label)
    {
        _pixels.Add(image);
        _labels.Add(label);
    }

    /// <summary>The set of all added images. Do not add images after this call.</summary>
    public ImageSet Build(int classCount) => new(_pixels, shape, element, classCount, [.. _labels]);
}
