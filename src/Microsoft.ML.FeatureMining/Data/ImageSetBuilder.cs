namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Collects images one at a time into an <see cref="ImageSet"/>.</summary>
internal sealed class ImageSetBuilder
{
    // One array holds at most 2 GB, and a growing one is held twice while it is copied: hence chunks.
    private const int ChunkBytes = 16 << 20;

    private readonly ImageShape _shape;
    private readonly PixelType _element;
    private readonly int _imageBytes;
    private readonly int _imagesPerChunk;
    private readonly List<byte[]> _chunks = [];
    private readonly List<int> _labels = [];

    public ImageSetBuilder(ImageShape shape, PixelType element = PixelType.Byte)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shape.Length, 1, nameof(shape));
        (_shape, _element) = (shape, element);
        _imageBytes = ImageSet.ImageBytes(shape, element);
        _imagesPerChunk = Math.Max(1, ChunkBytes / _imageBytes);
    }

    public int Count => _labels.Count;

    /// <param name="image">[C, H, W]; little-endian singles where the element is <see cref="PixelType.Single"/>.</param>
    /// <param name="label">The class, from 0.</param>
    public void Add(ReadOnlySpan<byte> image, int label)
    {
        if (image.Length != _imageBytes)
            throw new ArgumentException(FormattableString.Invariant($"An image has {image.Length} bytes where {_shape} {_element} takes {_imageBytes}."), nameof(image));
        ArgumentOutOfRangeException.ThrowIfNegative(label);
        image.CopyTo(NextSlot());
        _labels.Add(label);
    }

    /// <summary>The set of all images added. The builder is spent.</summary>
    public ImageSet Build(int classCount)
    {
        if (_labels.Count > 0 && _labels.Max() >= classCount)
            throw new ArgumentOutOfRangeException(nameof(classCount), classCount, FormattableString.Invariant($"A label is {_labels.Max()}."));
        return new ImageSet(_shape, _element, classCount, [.. _labels], _chunks, _imagesPerChunk);
    }

    private Span<byte> NextSlot()
    {
        int slot = Count % _imagesPerChunk;
        if (slot == 0)
            _chunks.Add(new byte[_imageBytes]);
        byte[] chunk = _chunks[^1];
        int end = (slot + 1) * _imageBytes;
        if (end > chunk.Length)
        {
            Array.Resize(ref chunk, (int)Math.Min(2L * chunk.Length, (long)_imagesPerChunk * _imageBytes));
            _chunks[^1] = chunk;
        }
        return chunk.AsSpan(end - _imageBytes, _imageBytes);
    }
}
