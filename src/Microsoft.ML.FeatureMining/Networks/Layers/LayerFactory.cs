using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Makes the convolutions of a backbone, each with the BatchNorm behind it, and remembers the pairs in the order of their making. A factory for scoring makes
/// a convolution with a bias and nothing behind it instead; <see cref="BatchNormFolding"/> fills it from the pair of the same place.
/// </summary>
internal sealed class LayerFactory(bool folded = false)
{
    private readonly List<(Conv2d Convolution, BatchNorm2d? Norm)> _pairs = [];

    public IReadOnlyList<(Conv2d Convolution, BatchNorm2d? Norm)> Pairs => _pairs;

    /// <summary>A convolution without bias, and BatchNorm. Padding keeps the size for odd kernels at stride 1.</summary>
    public (nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) ConvNorm(int input, int output, int kernel, int stride = 1, int groups = 1)
    {
        Conv2d convolution = nn.Conv2d(input, output, kernel, stride, kernel / 2, groups: groups, bias: folded);
        if (folded)
        {
            _pairs.Add((convolution, null));
            return (convolution, nn.Identity());
        }

        BatchNorm2d norm = nn.BatchNorm2d(output);
        _pairs.Add((convolution, norm));
        return (convolution, norm);
    }
}
