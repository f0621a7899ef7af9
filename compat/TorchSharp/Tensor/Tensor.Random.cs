using static TorchSharp.Interop.NativeRandom;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor uniform_(double from, double to, Generator? generator = null) => mt_uniform_(this, from, to, generator);

        public Tensor normal_(double mean = 0.0, double std = 1.0, Generator? generator = null) => mt_normal_(this, mean, std, generator);

        public Tensor bernoulli(Generator? generator = null) => mt_bernoulli(this, generator);

        public Tensor bernoulli_(double p = 0.5, Generator? generator = null) => mt_bernoulli_(this, p, generator);

        public Tensor random_(double from, double to, Generator? generator = null) => mt_random_(this, (long)from, (long)to, generator);

        public Tensor exponential_(double lambda = 1.0, Generator? generator = null) => mt_exponential_(this, lambda, generator);

        public Tensor multinomial(long num_samples, bool replacement = false, Generator? generator = null) =>
            mt_multinomial(this, num_samples, replacement, generator);
    }
}
