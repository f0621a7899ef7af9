using Microsoft.ML.FeatureMining.Native;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>The running means of the classes' embeddings, [K,C], as a buffer: saved with a run, not trained by the optimizer.</summary>
internal sealed class ClassCenters : nn.Module
{
    private const string Name = "centers";

    public ClassCenters(int classes, int channels)
        : base(nameof(ClassCenters)) => register_buffer(Name, zeros([classes, channels]));

    /// <summary>The centres as they are; changed in place by <see cref="Update"/>.</summary>
    public Tensor Values => get_buffer(Name)!;

    /// <summary>Moves each centre towards its class's embeddings (Wen et al. 2016, equation 4): c_k -= rate * sum_i t_ik (c_k - x_i) / (1 + sum_i t_ik).</summary>
    /// <param name="embedding">x, [N,C].</param>
    /// <param name="targets">t, [N,K].</param>
    /// <param name="rate">Between 0, where centres stay, and 1.</param>
    public void Update(Tensor embedding, Tensor targets, double rate)
    {
        using IDisposable noGrad = no_grad();
        Tensor counts = targets.sum(dim: 0).unsqueeze(1);                                                // [K,1]
        Tensor step = (counts * Values - targets.t().matmul(embedding)) / counts.Add(1);            // [K,C]
        Values.sub_(step.Mul(rate));
    }
}
