using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>
/// The combined Tausworthe and linear congruential generator of Howes and Thomas (GPU Gems 3, chapter 37), with the same stream for a seed
/// as ML.NET's.
/// </summary>
internal sealed class TauswortheHybrid : Random
{
    private uint _first;
    private uint _second;
    private uint _third;
    private uint _fourth;

    public TauswortheHybrid(uint seed)
    {
        _first = seed;
        _second = MurmurRound(_first, seed);
        _third = MurmurRound(_second, seed);
        _fourth = MurmurRound(_third, seed);
    }

    public TauswortheHybrid(Random source)
    {
        // The three Tausworthe parts degenerate on small states.
        _first = Draw(source, least: 128);
        _second = Draw(source, least: 128);
        _third = Draw(source, least: 128);
        _fourth = Draw(source, least: 0);
    }

    public static TauswortheHybrid Create(int? seed) => seed is { } value ? new TauswortheHybrid((uint)value) : new TauswortheHybrid(new Random());

    public override int Next()
    {
        uint bits = NextBits();
        return (int)(bits + (bits & 0x80000000));
    }

    public override int Next(int maxValue)
    {
        Contracts.CheckParam(maxValue >= 0, nameof(maxValue), "maxValue must be non-negative");
        return (int)((ulong)NextBits() * (ulong)maxValue >> 32);
    }

    public override int Next(int minValue, int maxValue)
    {
        Contracts.CheckParam(minValue <= maxValue, nameof(minValue), "minValue must be less than or equal to maxValue.");
        return (int)((long)(NextDouble() * ((long)maxValue - minValue)) + minValue);
    }

    public override double NextDouble() => NextBits() / 4294967296.0;

    public override float NextSingle() => (NextBits() >> 9) / 8388608f;

    public override void NextBytes(byte[] buffer)
    {
        Contracts.CheckValue(buffer, nameof(buffer));
        for (int i = 0; i < buffer.Length; i++)
            buffer[i] = (byte)Next();
    }

    protected override double Sample() => NextDouble();

    private static uint Draw(Random source, uint least)
    {
        while (true)
        {
            uint high = (uint)source.Next(0x10000);
            uint drawn = high << 16 | (uint)source.Next(0x10000);
            if (drawn >= least)
                return drawn;
        }
    }

    private static uint MurmurRound(uint hash, uint chunk)
        => uint.RotateLeft(hash ^ uint.RotateLeft(chunk * 0xcc9e2d51, 15) * 0x1b873593, 13) * 5 + 0xe6546b64;

    private static uint Tausworthe(uint state, int left, int right, int shift, uint mask)
        => (state & mask) << shift ^ (state << left ^ state) >> right;

    private uint NextBits()
    {
        _first = Tausworthe(_first, 13, 19, 12, ~1u);
        _second = Tausworthe(_second, 2, 25, 4, ~7u);
        _third = Tausworthe(_third, 3, 11, 17, ~15u);
        _fourth = _fourth * 1664525 + 1013904223;
        return _first ^ _second ^ _third ^ _fourth;
    }
}
