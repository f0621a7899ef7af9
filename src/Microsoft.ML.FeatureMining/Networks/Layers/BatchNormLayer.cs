using Microsoft.ML.FeatureMining.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// BatchNorm of [N,C] or [N,C,h,w] (Ioffe and Szegedy 2015), with the parameters and buffers of <c>nn.BatchNorm1d</c> and <c>nn.BatchNorm2d</c>. Theirs count batches with a number that the garbage
/// collector may free too early (<see cref="TensorMath"/>).
/// </summary>
internal sealed class BatchNormLayer(int channels, double epsilon = 1e-5, double momentum = 0.1)
    : BatchNorm(channels, epsilon, momentum, affine: true, track_running_stats: true, device: null, dtype: null, nameof(BatchNormLayer))
{
    public override Tensor forward(Tensor input)
    {
        if (training)
        {
            num_batches_tracked!.Add_(1);
        }

        return nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training, momentum!.Value, eps);
    }

    protected override void ValidateInputDimensions(Tensor input)
    {
        // libtorch checks the shape.
    }
}
