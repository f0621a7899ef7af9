namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Labelled images of one shape in memory. Immutable; any number of threads may read.</summary>
internal sealed class ImageSet
{
    private readonly IReadOnlyList<byte[]> _chunks;
    private readonly int _imagesPerChunk;
    private readonly int _imageBytes;
    private readonly int[] _labels;

    internal ImageSet(ImageShape shape, PixelType element, int classCount, int[] labels, IReadOnlyList<byte[]> chunks, int imagesPerChunk)
    {
        (Shape, Element, ClassCount) = (shape, element, classCount);
        (_labels, _chunks, _imagesPerChunk) = (labels, chunks, imagesPerChunk);
        _imageBytes = ImageBytes(shape, element);
    }

    public ImageShape Shape { get; }

    public PixelType Element { get; }

    public int Count => _labels.Length;

    public int ClassCount { get; }

    /// <summary>For each image its class, 0 to <see cref="ClassCount"/> - 1.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>The bytes of one image, [C, H, W].</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return _chunks[index / _imagesPerChunk].AsSpan(index % _imagesPerChunk * _imageBytes, _imageBytes);
        }
    }

    public void CopyTo(int index, Span<byte> destination) => this[index].CopyTo(destination);

    internal static int ImageBytes(ImageShape shape, PixelType element) => checked(shape.Length * (element == PixelType.Byte ? sizeof(byte) : sizeof(float)));
}
