using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>What PyTorch fills a new layer with: weights first, then the bias, so that a seed gives the same numbers.</summary>
internal static class Initialization
{
    internal static void Reset(Parameter weight, Parameter? bias)
    {
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5)).Dispose();
        if (bias is null) return;
        (long fanIn, _) = nn.init.CalculateFanInAndFanOut(weight);
        double bound = fanIn > 0 ? 1 / Math.Sqrt(fanIn) : 0;
        nn.init.uniform_(bias, -bound, bound).Dispose();
    }
}
