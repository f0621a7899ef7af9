using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace Microsoft.ML.FeatureMining.Randomness;

/// <summary>
/// A named random number generator: xoshiro256**, seeded with the seed of the run and the name. Streams with different names are independent, so a strategy or
/// augmentation that is added does not change the numbers of another. The same seed and name give the same numbers on every platform.
/// </summary>
public sealed class RandomStream
{
    private ulong _s0,
        _s1,
        _s2,
        _s3;

    /// <summary>Creates the stream with this name for the run with this seed.</summary>
    public RandomStream(long seed, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ulong x = (ulong)seed ^ Fnv1a(name);
        (_s0, _s1, _s2, _s3) = (SplitMix(ref x), SplitMix(ref x), SplitMix(ref x), SplitMix(ref x));
    }

    /// <summary>A uniform number in [0, 1), with 53 random bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A uniform integer in [0, <paramref name="exclusiveMax"/>), without modulo bias.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is not positive.</exception>
    public int NextInt(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        uint bound = (uint)exclusiveMax;
        uint threshold = (0u - bound) % bound;
        while (true)
        {
            ulong product = (Next() >> 32) * bound;
            if ((uint)product >= threshold)
            {
                return (int)(product >> 32);
            }
        }
    }

    /// <summary>Fills an array with uniform bytes, eight for each number of the stream.</summary>
    internal void Fill(Span<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, Next());
        }

        if (bytes.Length > 0)
        {
            Span<byte> last = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(last, Next());
            last[..bytes.Length].CopyTo(bytes);
        }
    }

    /// <summary>
    /// A sample of the standard normal distribution (Box-Muller; the second value of each pair is discarded, so that the stream has no hidden state).
    /// </summary>
    public double NextGaussian()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>A uniform random permutation of 0 .. <paramref name="count"/> - 1 (Fisher-Yates).</summary>
    public int[] Permutation(int count)
    {
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            int j = NextInt(i + 1);
            (order[i], order[j]) = (order[j], i);
        }

        return order;
    }

    /// <summary>
    /// A permutation of 0 .. <paramref name="count"/> - 1 drawn with a shuffle buffer, as tf.data's shuffle does. An index moves forward by at most
    /// <paramref name="buffer"/> - 1 positions.
    /// </summary>
    internal int[] PermutationWithin(int buffer, int count)
    {
        int[] waiting = [.. Enumerable.Range(0, Math.Min(buffer, count))];
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            int left = Math.Min(waiting.Length, count - i);
            int turn = NextInt(left);
            order[i] = waiting[turn];
            waiting[turn] = i + waiting.Length < count ? i + waiting.Length : waiting[left - 1];
        }

        return order;
    }

    /// <summary>A seed for another generator, such as a device's.</summary>
    public long NextSeed() => (long)(Next() >> 1);

    /// <summary>The state of the generator, to save and restore the stream.</summary>
    internal (ulong, ulong, ulong, ulong) State
    {
        get => (_s0, _s1, _s2, _s3);
        set => (_s0, _s1, _s2, _s3) = value;
    }

    private ulong Next()
    {
        ulong result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        ulong t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    private static ulong SplitMix(ref ulong x)
    {
        ulong z = x += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static ulong Fnv1a(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text)
        {
            hash = (hash ^ c) * 1099511628211;
        }

        return hash;
    }
}

/// <summary>All random streams of one run by name, created on first use.</summary>
internal sealed class RandomStreams(long seed)
{
    private readonly Dictionary<string, RandomStream> _streams = new(StringComparer.Ordinal);

    // Added to the name of a stream that is created within a part of a step.
    private string _suffix = "";

    public RandomStream this[string name]
    {
        get
        {
            if (!_streams.TryGetValue(name, out RandomStream? stream))
            {
                _streams[name] = stream = new RandomStream(seed, name + _suffix);
            }

            return stream;
        }
    }

    /// <summary>The state of each stream created so far, four words each.</summary>
    public IReadOnlyDictionary<string, ulong[]> Capture() =>
        _streams.ToDictionary(entry => entry.Key, entry => Words(entry.Value.State), StringComparer.Ordinal);

    /// <summary>Restores captured states. Streams without a captured state restart from the beginning.</summary>
    public void Restore(IReadOnlyDictionary<string, ulong[]> states)
    {
        Restart();
        foreach ((string name, ulong[] words) in states)
        {
            this[name].State = (words[0], words[1], words[2], words[3]);
        }
    }

    /// <summary>
    /// Makes all streams draw the numbers of one part of a step, until the result is disposed; then they continue where they were. The parts of a step may so
    /// be computed in any order and by any process.
    /// </summary>
    /// <param name="step">The step of the run, from 0.</param>
    /// <param name="part">The part of the step, from 1.</param>
    public IDisposable EnterPart(long step, int part) => new Part(this, string.Create(CultureInfo.InvariantCulture, $" of step {step}, part {part}"));

    private void Restart()
    {
        foreach ((string name, RandomStream stream) in _streams)
        {
            stream.State = new RandomStream(seed, name + _suffix).State;
        }
    }

    private static ulong[] Words((ulong First, ulong Second, ulong Third, ulong Fourth) state) => [state.First, state.Second, state.Third, state.Fourth];

    private sealed class Part : IDisposable
    {
        private readonly RandomStreams _streams;
        private readonly IReadOnlyDictionary<string, ulong[]> _before;

        public Part(RandomStreams streams, string suffix)
        {
            (_streams, _before) = (streams, streams.Capture());
            streams._suffix = suffix;
            streams.Restart();
        }

        public void Dispose()
        {
            _streams._suffix = "";
            _streams.Restore(_before);
        }
    }
}
