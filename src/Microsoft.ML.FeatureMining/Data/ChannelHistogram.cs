namespace Microsoft.ML.FeatureMining.Data;

/// <summary>How often each byte occurs in each channel: what mean and deviation follow from exactly, in whichever order images come.</summary>
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
                levels[pixel]++;
        }
    }

    /// <summary>Adds what another one has counted.</summary>
    public void Add(ChannelHistogram other)
    {
        for (int i = 0; i < _counts.Length; i++)
            _counts[i] += other._counts[i];
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
