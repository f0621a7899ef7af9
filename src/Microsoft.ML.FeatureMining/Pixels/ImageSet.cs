using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>
/// Labeled images of one shape. Their pixels are in a <see cref="PixelStore"/>: in memory, in a file, or decoded on each read. Samplers and loaders use only
/// this type. Immutable and thread-safe. Dispose releases the store, also for other sets that share it.
/// </summary>
internal sealed class ImageSet : IDisposable
{
    private readonly PixelStore _pixels;
    private readonly int[]? _indices;
    private readonly int[] _labels;
    private readonly Lazy<ChannelStatistics> _statistics;

    /// <param name="pixels">The store.</param>
    /// <param name="shape">The shape of each image.</param>
    /// <param name="element">How one value is stored.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <param name="labels">The label of each image, from 0.</param>
    /// <param name="indices">The index of each image in the store; null if the set is the whole store, in its order.</param>
    /// <param name="statistics">Of the images; null to compute them when they are needed.</param>
    /// <param name="labelSets">See <see cref="LabelSets"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A label is out of range.</exception>
    public ImageSet(
        PixelStore pixels,
        ImageShape shape,
        PixelType element,
        int classCount,
        int[] labels,
        int[]? indices = null,
        ChannelStatistics? statistics = null,
        IReadOnlyList<float[]>? labelSets = null
    )
    {
        int labelCount = labelSets?.Count ?? classCount;
        if (Array.FindIndex(labels, label => label < 0 || label >= labelCount) is >= 0 and var wrong)
        {
            throw new ArgumentOutOfRangeException(
                nameof(labels),
                labels[wrong],
                FormattableString.Invariant($"Image {wrong} has a label that is not in [0, {labelCount}).")
            );
        }

        if ((indices?.Length ?? pixels.Count) != labels.Length)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"There are {labels.Length} labels for {indices?.Length ?? pixels.Count} images."),
                nameof(labels)
            );
        }

        (_pixels, Shape, Element, ClassCount, _labels, _indices) = (pixels, shape, element, classCount, labels, indices);
        LabelSets = labelSets is null ? null : [.. labelSets];
        _statistics = statistics is null ? new(() => ChannelStatistics.Of(this)) : new(statistics);
    }

    public ImageShape Shape { get; }

    public PixelType Element { get; }

    public int Count => _labels.Length;

    public int ClassCount { get; }

    /// <summary>The label of each image: a class, 0 to <see cref="ClassCount"/> - 1, or an index of <see cref="LabelSets"/>.</summary>
    public IReadOnlyList<int> Labels => _labels;

    /// <summary>
    /// What each label stands for: a set of classes, [K] of 0 and 1; or, for object detection, the objects of an image. null if each image has one class.
    /// </summary>
    public IReadOnlyList<float[]>? LabelSets { get; }

    /// <summary>The same images with the mean and standard deviation of another set, so that both are normalized in the same way.</summary>
    public ImageSet NormalizedLike(ImageSet other) => new(_pixels, Shape, Element, ClassCount, _labels, _indices, other.Statistics, LabelSets);

    /// <summary>The memory that the store takes, in bytes.</summary>
    public long MemoryBytes => _pixels.MemoryBytes;

    /// <summary>The number of images of each class.</summary>
    public int[] CountImages()
    {
        var counts = new int[ClassCount];
        foreach (int label in _labels)
        {
            foreach (int index in LabelSets is null ? [label] : Enumerable.Range(0, ClassCount).Where(index => LabelSets[label][index] > 0))
            {
                counts[index]++;
            }
        }
        return counts;
    }

    /// <summary>Mean and standard deviation of its pixels, computed once.</summary>
    public ChannelStatistics Statistics => _statistics.Value;

    /// <summary>The bytes of one image, [C, H, W].</summary>
    public ReadOnlySpan<byte> this[int index] =>
        Read([
                [index],
            ])
            .First()
            .Pixels;

    /// <summary>Reads images batch by batch, in one pass.</summary>
    /// <param name="batches">The indices of the images of each batch.</param>
    /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
    public IEnumerable<HostBatch> Read(IReadOnlyList<int[]> batches)
    {
        int[][] stored = [.. batches.Select(batch => _indices is null ? batch : Array.ConvertAll(batch, image => _indices[image]))];
        return batches.Zip(
            _pixels.Read(stored),
            (images, pixels) => new HostBatch(pixels, Array.ConvertAll(images, image => (long)_labels[image]), _pixels.Pool)
        );
    }

    /// <summary>Whether any image can be read at any time (<see cref="PixelStore.ShuffleWindow"/>).</summary>
    public bool ReachesAnyImage => _pixels.ShuffleWindow == int.MaxValue;

    /// <summary>
    /// Draws the order of an epoch: a uniform permutation, or one within the store's <see cref="PixelStore.ShuffleWindow"/> if that is smaller than the set.
    /// </summary>
    public int[] DrawOrder(RandomStream random) =>
        Count <= _pixels.ShuffleWindow ? random.Permutation(Count) : random.PermutationWithin(_pixels.ShuffleWindow, Count);

    /// <summary>
    /// Draws as many images as there are: a class uniformly among those with images, and the next of its images, in random order, which starts again when all
    /// of them have come.
    /// </summary>
    public int[] DrawBalanced(RandomStream random)
    {
        int[][] classes = [.. Enumerable.Range(0, Count).GroupBy(image => _labels[image]).OrderBy(images => images.Key).Select(images => images.ToArray())];
        Queue<int>[] left = Array.ConvertAll(classes, _ => new Queue<int>());
        int[] order = new int[Count];
        foreach (ref int image in order.AsSpan())
        {
            int drawn = random.NextInt(classes.Length);
            if (left[drawn].Count == 0)
            {
                left[drawn] = new Queue<int>(Array.ConvertAll(random.Permutation(classes[drawn].Length), i => classes[drawn][i]));
            }

            image = left[drawn].Dequeue();
        }

        return order;
    }

    /// <summary>A hash of all labels and pixels, the same for every store.</summary>
    public byte[] ContentHash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> image = stackalloc byte[sizeof(int) + sizeof(ulong)];
        for (int i = 0; i < Count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(image, _labels[i]);
            BinaryPrimitives.WriteUInt64LittleEndian(image[sizeof(int)..], _pixels.Checksum(_indices?[i] ?? i));
            hash.AppendData(image);
        }
        foreach (float[] set in LabelSets ?? [])
        {
            hash.AppendData(MemoryMarshal.AsBytes(set.AsSpan()));
        }

        return hash.GetHashAndReset();
    }

    public void Dispose() => _pixels.Dispose();
}
