using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Data;

/// <summary>Mean and standard deviation (of the population) of each channel, in the units of the pixels.</summary>
internal sealed record ChannelStatistics(float[] Mean, float[] Std)
{
    public static ChannelStatistics Of(ImageSet set)
    {
        if (set.Count == 0)
            throw new ArgumentException("There are no images.", nameof(set));
        int channels = set.Shape.Channels;
        double count = (double)set.Count * set.Shape.Length / channels;
        double[] mean = [.. Sums(set, new double[channels]).Sum.Select(s => s / count)];
        // Deviations from the mean, not from zero: the difference of two large sums would lose the digits that matter.
        double[] squares = Sums(set, mean).Squares;
        return new ChannelStatistics([.. mean.Select(m => (float)m)], [.. squares.Select(s => (float)Math.Sqrt(s / count))]);
    }

    private static (double[] Sum, double[] Squares) Sums(ImageSet set, double[] origin)
    {
        int plane = set.Shape.Height * set.Shape.Width;
        var (sum, squares) = (new double[origin.Length], new double[origin.Length]);
        var values = new float[set.Shape.Length];
        for (int i = 0; i < set.Count; i++)
        {
            Read(set, i, values);
            for (int c = 0; c < origin.Length; c++)
                foreach (float value in values.AsSpan(c * plane, plane))
                {
                    double difference = value - origin[c];
                    sum[c] += difference;
                    squares[c] += difference * difference;
                }
        }
        return (sum, squares);
    }

    private static void Read(ImageSet set, int index, float[] values)
    {
        ReadOnlySpan<byte> image = set[index];
        if (set.Element == PixelType.Single)
            MemoryMarshal.Cast<byte, float>(image).CopyTo(values);
        else
            for (int i = 0; i < image.Length; i++)
                values[i] = image[i];
    }
}
