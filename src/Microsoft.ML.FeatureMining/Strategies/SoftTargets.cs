using static Microsoft.ML.FeatureMining.Native.TensorMath;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>Losses of logits whose targets are the predictions of a network.</summary>
internal static class SoftTargets
{
    /// <summary>The cross entropy of softmax(logits / T) with softmax(teacher / T) as the target; the mean over the batch.</summary>
    /// <param name="logits">[N,K].</param>
    /// <param name="teacher">[N,K]; it is detached.</param>
    /// <param name="temperature">T.</param>
    public static Tensor CrossEntropy(Tensor logits, Tensor teacher, double temperature = 1) =>
        (teacher.detach().Div(temperature).softmax(1) * logits.Div(temperature).log_softmax(1)).sum(1).mean().neg();

    /// <summary>T^2 KL(softmax(z' / T) | softmax(z / T)) of each row, [N].</summary>
    /// <param name="logits">z, [N,K].</param>
    /// <param name="partners">z', [N,K].</param>
    /// <param name="temperature">T.</param>
    public static Tensor Divergence(Tensor logits, Tensor partners, double temperature)
    {
        Tensor log = logits.Div(temperature).log_softmax(1);
        Tensor logPartner = partners.Div(temperature).log_softmax(1);
        return (logPartner.exp() * (logPartner - log)).sum(1).Mul(temperature * temperature);
    }
}
