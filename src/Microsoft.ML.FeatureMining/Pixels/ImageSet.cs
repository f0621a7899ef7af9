using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>Labeled images of one shape, wherever their pixels lie. Immutable; any number of threads may read.</summary>
internal sealed class ImageSet
{
    private readonly PixelStore _pixels;
    private readonly int[]? _rows;
    private readonly int[] _labels;
    private readonly Lazy<ChannelStatistics> _statistics;

    /// <param name="pixels">Where the pixels lie.</param>
    /// <param name="shape">The shape of each image.</param>
    /// <param name="element">How one value is stored.</param>
    /// <param name="classCount">How many classes there are.</param>
    /// <param name="labels">For each image its class.</param>
    /// <param name="rows">For each image its row in the store; null where all rows are images, in their order.</param>
    /// <param name="statistics">Of the images, where they are known; else they are computed when they are asked for.</param>
    /// <param name="labelSets">For each label the classes that it stands for, [K] of 0 and 1; null where a label is a class.</param>
    public ImageSet(
        PixelStore pixels, ImageShape shape, PixelType element, int classCount, int[] labels, int[]? rows = null, ChannelStatistics? statistics = null, IReadOnlyList<float[]>? labelSets = null)
    {
        if (labels.Length > 0 && labels.Max() >= (labelSets?.Count ?? classCount))
            throw new ArgumentOutOfRangeException(nameof(classCount), classCount, FormattableString.Invariant($"A label is {labels.Max()}."));
        if ((rows?.Length ?? pixels.Count) != labels.Length)
            throw new ArgumentException(FormattableString.Invariant($"There are {labels.Length} labels for {rows?.Length ?? pixels.Count} images."), nameof(labels));
        (_pixels, Shape, Element, ClassCount, _labels, _rows) = (pixels, shape, element, classCount, labels, rows);
        LabelSets = labelSets is null ? null : [.. labelSets];
        _statistics = statistics is null ? new(() => ChannelStatistics.Of(this)) : new(statistics);
    }

    public ImageShape Shape { get; }

    public PixelType Element { get; }

    public int Count => _labels.Length;

    public int ClassCount { get; }

    /// <summary>For each image its class, 0 to <see cref="ClassCount"/> - 1, or where there are <see cref="LabelSets"/>, its set.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>For each label the classes that it stands for, [K] of 0 and 1; null where a label is a class and excludes the others.</summary>
    public IReadOnlyList<float[]>? LabelSets { get; }

    /// <summary>The same images, with the mean and deviation of others, so that a network sees both normalized alike.</summary>
    public ImageSet NormalizedLike(ImageSet other) => new(_pixels, Shape, Element, ClassCount, _labels, _rows, other.Statistics, LabelSets);

    /// <summary>For each class, in how many images it is.</summary>
    public int[] CountImages()
    {
        var counts = new int[ClassCount];
        foreach (int label in _labels)
        {
            foreach (int index in LabelSets is null ? [label] : Enumerable.Range(0, ClassCount).Where(index => LabelSets[label][index] > 0))
                counts[index]++;
        }
        return counts;
    }

    /// <summary>Mean and deviation of its pixels, computed once.</summary>
    public ChannelStatistics Statistics => _statistics.Value;

    /// <summary>The bytes of one image, [C, H, W].</summary>
    public ReadOnlySpan<byte> this[int index] => Read([[index]]).First().Pixels;

    /// <summary>One pass over images, batch by batch.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An index is none of an image.</exception>
    public IEnumerable<HostBatch> Read(IReadOnlyList<int[]> batches)
    {
        int[][] rows = [.. batches.Select(batch => _rows is null ? batch : Array.ConvertAll(batch, image => _rows[image]))];
        return batches.Zip(_pixels.Read(rows), (images, pixels) => new HostBatch(pixels, Array.ConvertAll(images, image => (long)_labels[image]), _pixels.Memory));
    }

    /// <summary>Whether any image may be asked for at any time, at no more than its own cost (<see cref="PixelStore.ShuffleWindow"/>).</summary>
    public bool ReachesAnyImage => _pixels.ShuffleWindow == int.MaxValue;

    /// <summary>The order of an epoch: a permutation, each as likely, but where the store cannot reach for any row at any time (<see cref="PixelStore.ShuffleWindow"/>).</summary>
    public int[] DrawOrder(RandomStream random) =>
        Count <= _pixels.ShuffleWindow ? random.Permutation(Count) : random.PermutationWithin(_pixels.ShuffleWindow, Count);

    /// <summary>A hash of all labels and pixels, the same wherever the pixels lie.</summary>
    public byte[] ContentHash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> image = stackalloc byte[sizeof(int) + sizeof(ulong)];
        for (int i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(image, _labels[i]);
            BinaryPrimitives.WriteUInt64LittleEndian(image[sizeof(int)..], _pixels.Checksum(_rows?[i] ?? i));
            hash.AppendData(image);
        }
        foreach (float[] set in LabelSets ?? [])
            hash.AppendData(MemoryMarshal.AsBytes(set.AsSpan()));
        return hash.GetHashAndReset();
    }

    internal static int ImageBytes(ImageShape shape, PixelType element) => checked(shape.Length * (element == PixelType.Byte ? sizeof(byte) : sizeof(float)));
}

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

/// <summary>How a stored image represents one value.</summary>
internal enum PixelType
{
    /// <summary>One byte, 0 to 255.</summary>
    Byte,

    /// <summary>Four bytes, a little-endian IEEE single.</summary>
    Single,
}
