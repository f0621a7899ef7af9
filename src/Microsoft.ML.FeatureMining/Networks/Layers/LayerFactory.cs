using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Layers;

/// <summary>
/// Makes the convolutions that have BatchNorm right behind them, and remembers the pairs in the order of their making. A factory for scoring makes a convolution
/// with a bias and nothing behind it instead; <see cref="BatchNormFolding"/> fills it from the pair of the same place. Layers that stand alone need no factory.
/// </summary>
internal sealed class LayerFactory(bool folded = false)
{
    private readonly List<ConvNormPair> _pairs = [];

    public IReadOnlyList<ConvNormPair> Pairs => _pairs;

    /// <summary>A convolution, without bias unless asked for, and BatchNorm. Padding keeps the size for odd kernels at stride 1.</summary>
    public (nn.Module<Tensor, Tensor> Convolution, nn.Module<Tensor, Tensor> Norm) ConvNorm(
        int input, int output, int kernel, int stride = 1, int groups = 1, int dilation = 1, bool bias = false, NormSettings? norm = null)
    {
        Conv2d convolution = nn.Conv2d(input, output, kernel, stride, kernel / 2 * dilation, dilation, groups: groups, bias: folded || bias);
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
