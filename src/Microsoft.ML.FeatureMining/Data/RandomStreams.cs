namespace Microsoft.ML.FeatureMining.Data;

/// <summary>All random _streams of one run, each made once, by name.</summary>
internal sealed class RandomStreams(long seed)
{
    private readonly Dictionary<string, RandomStream> _streams = new(StringComparer.Ordinal);

    public RandomStream this[string name]
    {
        get
        {
            if (!_streams.TryGetValue(name, out RandomStream? stream))
            {
                _streams[name] = stream = new RandomStream(seed, name);
            }

            return stream;
        }
    }
}
