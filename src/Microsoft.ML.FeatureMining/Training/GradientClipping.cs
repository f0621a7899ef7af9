using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Clips gradients by their global norm, as torch.nn.utils.clip_grad_norm_, whose norm comes back as a number: that waits for the device.</summary>
internal static class GradientClipping
{
    // PyTorch's.
    private const double Epsilon = 1e-6;

    /// <summary>Scales the gradients by min(1, most / (norm + 1e-6)), norm being the L2 norm of all of them together.</summary>
    public static void Clip(IReadOnlyList<Parameter> parameters, double most)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor[] gradients = [.. parameters.Select(parameter => parameter.grad!)];
        Tensor norm = stack([.. gradients.Select(gradient => gradient.norm())]).norm();
        Tensor factor = norm.Add(Epsilon).reciprocal().Mul(most).ClampMax(1);
        foreach (Tensor gradient in gradients)
        {
            gradient.mul_(factor);
        }
    }
}
