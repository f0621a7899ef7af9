using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Creates pairs of a convolution and the BatchNorm directly after it, and records them in order. A folded factory, for scoring, creates a convolution with
/// bias and an identity instead; <see cref="BatchNormFolding"/> copies the weights from the pair with the same index. Other layers need no factory.
/// </summary>
/// <param name="folded">Whether BatchNorm is folded.</param>
internal sealed class LayerFactory(bool folded = false)
{
    private readonly List<ConvNormPair> _pairs = [];

    public IReadOnlyList<ConvNormPair> Pairs => _pairs;

    /// <summary>A convolution, by default without bias, and BatchNorm. Padding keeps the size for odd kernels at stride 1.</summary>
    public (nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) ConvNorm(
        int input,
        int output,
        int kernel,
        int stride = 1,
        int groups = 1,
        int dilation = 1,
        bool bias = false,
        NormSettings? norm = null
    )
    {
        Conv2d convolution = WeightLayers.Conv2d(input, output, kernel, stride, kernel / 2 * dilation, dilation, groups, folded || bias);
        if (folded)
        {
            _pairs.Add(new ConvNormPair(convolution, null, 0));
            return (convolution, nn.Identity());
        }

        NormSettings settings = norm ?? NormSettings.Default;
        BatchNormLayer following = new(output, settings.Epsilon, settings.Momentum);
        _pairs.Add(new ConvNormPair(convolution, following, settings.Epsilon));
        return (convolution, following);
    }
}

/// <summary>A convolution and the BatchNorm after it; null if the BatchNorm is folded into the convolution.</summary>
internal sealed record ConvNormPair(Conv2d Convolution, BatchNormLayer? Norm, double Epsilon);

/// <summary>Epsilon and momentum of BatchNorm, as in PyTorch.</summary>
internal sealed record NormSettings(double Epsilon, double Momentum)
{
    /// <summary>PyTorch's defaults.</summary>
    public static NormSettings Default { get; } = new(1e-5, 0.1);
}

/// <summary>
/// Folds BatchNorm in evaluation mode into the convolution before it: w' = w * gamma / sqrt(var + eps), b' = beta + (b - mean) * gamma / sqrt(var + eps).
/// </summary>
internal static class BatchNormFolding
{
    public static void Fold(LayerFactory source, LayerFactory target)
    {
        using IDisposable noGrad = no_grad();
        foreach (((Conv2d from, BatchNormLayer? norm, double epsilon), (Conv2d to, _, _)) in source.Pairs.Zip(target.Pairs))
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor scale = norm!.weight! / norm.running_var!.Add(epsilon).sqrt(); // [C]
            Tensor mean = from.bias is { } bias ? norm.running_mean! - bias : norm.running_mean!;
            to.weight!.copy_(from.weight! * scale.view(-1, 1, 1, 1));
            to.bias!.copy_(norm.bias! - mean * scale);
        }
    }
}

/// <summary>
/// BatchNorm for [N,C] or [N,C,h,w] (Ioffe and Szegedy 2015) with the parameters and buffers of <c>nn.BatchNorm1d</c> and <c>nn.BatchNorm2d</c>. TorchSharp's
/// layers count batches with a Scalar that the garbage collector may free too early (<see cref="TensorMath"/>).
/// </summary>
internal sealed class BatchNormLayer(int channels, double epsilon = 1e-5, double momentum = 0.1)
    : BatchNorm(channels, epsilon, momentum, affine: true, track_running_stats: true, device: null, dtype: null, nameof(BatchNormLayer))
{
    public override Tensor forward(Tensor input)
    {
        if (training)
        {
            // libtorch computes an infinite variance.
            if (input.numel() == channels)
            {
                throw new InvalidOperationException(
                    "BatchNorm needs more than one value per channel, but the batch has one image and the feature map one position. Use a larger BatchSize or "
                        + "larger images, or freeze BatchNorm (FreezeBatchNorm of FineTuning)."
                );
            }

            num_batches_tracked!.Add_(1);
        }

        return nn.functional.batch_norm(input, running_mean, running_var, weight, bias, training, momentum!.Value, eps);
    }

    protected override void ValidateInputDimensions(Tensor input)
    {
        // libtorch checks the shape.
    }
}

/// <summary>Convolution, BatchNorm, activation and further layers with torchvision's indices: "0" is the convolution, "1" the BatchNorm.</summary>
internal static class ConvNormActivation
{
    public static Sequential Of((nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) pair, params nn.Module<Tensor, Tensor>[] after) =>
        nn.Sequential([pair.Convolution, pair.Norm, .. after]);
}
