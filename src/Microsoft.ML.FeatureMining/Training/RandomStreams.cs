namespace Microsoft.ML.FeatureMining.Training;

/// <summary>All random streams of one run, each made once, by name.</summary>
internal sealed class RandomStreams(long seed)
{
    private readonly Dictionary<string, RandomStream> streams = new(StringComparer.Ordinal);

    public RandomStream this[string name]
    {
        get
        {
            if (!streams.TryGetValue(name, out RandomStream? stream))
            {
                streams[name] = stream = new RandomStream(seed, name);
            }

            return stream;
        }
    }
}
