namespace Microsoft.ML.FeatureMining.Data;

/// <summary>All random streams of one run, each made once, by name.</summary>
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

    /// <summary>The state of each stream made so far, four words each.</summary>
    public IReadOnlyDictionary<string, ulong[]> Capture() => _streams.ToDictionary(entry => entry.Key, entry => Words(entry.Value.State), StringComparer.Ordinal);

    /// <summary>Continues as when the states were captured; a stream that had not been made begins again.</summary>
    public void Restore(IReadOnlyDictionary<string, ulong[]> states)
    {
        foreach ((string name, RandomStream stream) in _streams)
        {
            stream.State = new RandomStream(seed, name).State;
        }

        foreach ((string name, ulong[] words) in states)
        {
            this[name].State = (words[0], words[1], words[2], words[3]);
        }
    }

    private static ulong[] Words((ulong First, ulong Second, ulong Third, ulong Fourth) state) => [state.First, state.Second, state.Third, state.Fourth];
}
