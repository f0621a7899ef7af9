using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static Generator manual_seed(long seed)
    {
        NativeError.Check(NativeRandom.mt_manual_seed((ulong)seed));
        return Generator.Default;
    }

    public static long seed()
    {
        using Generator generator = Generator.Default;
        long drawn = generator.seed();
        NativeError.Check(NativeRandom.mt_manual_seed((ulong)drawn));
        return drawn;
    }

    public static long initial_seed()
    {
        using Generator generator = Generator.Default;
        return generator.initial_seed();
    }

    public static Tensor get_rng_state()
    {
        using Generator generator = Generator.Default;
        return generator.get_state();
    }

    public static void set_rng_state(Tensor new_state)
    {
        using Generator generator = Generator.Default;
        generator.set_state(new_state);
    }

    public static Tensor bernoulli(Tensor input, Generator? generator = null) => NativeRandom.mt_bernoulli(input, generator);

    public static Tensor multinomial(Tensor input, long num_samples, bool replacement = false, Generator? generator = null) =>
        NativeRandom.mt_multinomial(input, num_samples, replacement, generator);
}
