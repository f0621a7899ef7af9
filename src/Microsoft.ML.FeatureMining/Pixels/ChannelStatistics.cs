using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Pixels;

/// <summary>Mean and population standard deviation of each channel, in the units of the pixels.</summary>
internal sealed record ChannelStatistics(float[] Mean, float[] Std)
{
    private const int MostImagesAtOnce = 256;
    private const int MostBytesAtOnce = 64 << 20;

    /// <summary>Of bytes, from values of pixels in [0, 1].</summary>
    public static ChannelStatistics OfFractions(IReadOnlyList<double> mean, IReadOnlyList<double> std) =>
        new([.. mean.Select(value => (float)(byte.MaxValue * value))], [.. std.Select(value => (float)(byte.MaxValue * value))]);

    public static ChannelStatistics Of(ImageSet set)
    {
        if (set.Count == 0)
        {
            throw new ArgumentException("There are no images.", nameof(set));
        }

        return set.Element == PixelType.Byte ? OfBytes(set) : OfSingles(set);
    }

    private static ChannelStatistics OfBytes(ImageSet set)
    {
        ChannelHistogram all = new(set.Shape.Channels);
        foreach (HostBatch batch in All(set))
        {
            ParallelLoop.For(
                batch.Count,
                () => new ChannelHistogram(set.Shape.Channels),
                (image, some) =>
                {
                    some.Add(batch.Pixels.AsSpan(image * set.Shape.Length, set.Shape.Length));
                    return some;
                },
                some =>
                {
                    lock (all)
                    {
                        all.Add(some);
                    }
                }
            );
        }

        return all.Statistics();
    }

    private static ChannelStatistics OfSingles(ImageSet set)
    {
        int channels = set.Shape.Channels;
        double count = (double)set.Count * set.Shape.Length / channels;
        double[] mean = [.. Sums(set, new double[channels]).Sum.Select(s => s / count)];
        // Sums squared differences from the mean, because the difference of two large sums would lose precision.
        double[] squares = Sums(set, mean).Squares;
        return new ChannelStatistics([.. mean.Select(m => (float)m)], [.. squares.Select(s => (float)Math.Sqrt(s / count))]);
    }

    private static (double[] Sum, double[] Squares) Sums(ImageSet set, double[] origin)
    {
        int plane = set.Shape.Height * set.Shape.Width;
        var (sum, squares) = (new double[origin.Length], new double[origin.Length]);
        foreach (HostBatch batch in All(set))
        {
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(batch.Pixels);
            for (int i = 0; i < values.Length; i++)
            {
                int channel = i / plane % origin.Length;
                double difference = values[i] - origin[channel];
                sum[channel] += difference;
                squares[channel] += difference * difference;
            }
        }
        return (sum, squares);
    }

    private static IEnumerable<HostBatch> All(ImageSet set)
    {
        int imagesAtOnce = Math.Clamp(MostBytesAtOnce / PixelTypes.ImageBytes(set.Shape, set.Element), 1, MostImagesAtOnce);
        foreach (HostBatch batch in set.Read([.. Enumerable.Range(0, set.Count).Chunk(imagesAtOnce)]))
        {
            using (batch)
            {
                yield return batch;
            }
        }
    }
}

/// <summary>
/// Counts how often each byte occurs in each channel. Mean and standard deviation computed from it are exact and do not depend on the order of the images.
/// </summary>
internal sealed class ChannelHistogram(int channels)
{
    private const int Levels = 256;

    private readonly long[] _counts = new long[channels * Levels];

    /// <summary>Counts the pixels of an image, [C, H, W].</summary>
    public void Add(ReadOnlySpan<byte> image)
    {
        int plane = image.Length / channels;
        for (int channel = 0; channel < channels; channel++)
        {
            Span<long> levels = _counts.AsSpan(channel * Levels, Levels);
            foreach (byte pixel in image.Slice(channel * plane, plane))
            {
                levels[pixel]++;
            }
        }
    }

    /// <summary>Adds the counts of another histogram.</summary>
    public void Add(ChannelHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }
    }

    public ChannelStatistics Statistics()
    {
        (double Mean, double Std)[] moments = [.. _counts.Chunk(Levels).Select(Moments)];
        return new ChannelStatistics([.. moments.Select(channel => (float)channel.Mean)], [.. moments.Select(channel => (float)channel.Std)]);
    }

    private static (double Mean, double Std) Moments(long[] counts)
    {
        double count = counts.Sum();
        double mean = counts.Index().Sum(level => level.Index * level.Item) / count;
        return (mean, Math.Sqrt(counts.Index().Sum(level => level.Item * (level.Index - mean) * (level.Index - mean)) / count));
    }
}
