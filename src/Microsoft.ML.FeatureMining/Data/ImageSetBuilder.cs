namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Collects images one at a time into an <see cref="ImageSet"/> in memory.</summary>
internal sealed class ImageSetBuilder
{
    private readonly ImageShape _shape;
    private readonly PixelType _element;
    private readonly int _imageBytes;
    private readonly MemoryPixels _pixels;
    private readonly List<int> _labels = [];

    public ImageSetBuilder(ImageShape shape, PixelType element = PixelType.Byte)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.Length, 1, nameof(shape));
        (_shape, _element, _imageBytes) = (shape, element, ImageSet.ImageBytes(shape, element));
        _pixels = new MemoryPixels(_imageBytes);
    }

    public int Count => _labels.Count;

    /// <param name="image">[C, H, W]; little-endian singles where the element is <see cref="PixelType.Single"/>.</param>
    /// <param name="label">The class, from 0.</param>
    public void Add(ReadOnlySpan<byte> image, int label)
    {
        if (image.Length != _imageBytes)
            throw new ArgumentException(FormattableString.Invariant($"An image has {image.Length} bytes where {_shape} {_element} takes {_imageBytes}."), nameof(image));
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        _pixels.Add(image);
        _labels.Add(label);
    }

    /// <summary>The set of all images added. The builder is spent.</summary>
    public ImageSet Build(int classCount) => new(_pixels, _shape, _element, classCount, [.. _labels]);
}
