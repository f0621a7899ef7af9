namespace Microsoft.ML.FeatureMining.Explanation;

/// <summary>Gathers the features of one stage, image by image.</summary>
internal sealed class ActivationCounter(int stage)
{
    private readonly long[] _counts = new long[StageActivations.Bins];
    private long _features;
    private double _sum;
    private int _images;

    public void Add(ReadOnlySpan<float> features)
    {
        _images++;
        _features += features.Length;
        foreach (float value in features)
        {
            _sum += value;
            if (value > StageActivations.Threshold)
            {
                double bin = Math.Ceiling((value - StageActivations.Threshold) / StageActivations.BinWidth) - 1;
                _counts[(int)Math.Min(bin, StageActivations.Bins - 1)]++;
            }
        }
    }

    public StageActivations Read() => new(
        stage, _images, _features == 0 ? 0 : _sum / _features, _features == 0 ? 0 : (double)_counts.Sum() / _features, [.. _counts.Select(count => _images == 0 ? 0 : (double)count / _images)]);
}
