using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.Networks;

/// <summary>
/// A head of RetinaNet: 3x3 convolutions with ReLU, and a 3x3 convolution that predicts values for each anchor. All pyramid levels share it.
/// </summary>
internal sealed class PredictionHead : nn.Module
{
    private readonly Sequential conv;

    // A delegate, because a field with a module type would be registered under a second name.
    private readonly Func<Conv2d> _prediction;
    private readonly int _values;
    private readonly double _bias;

    /// <param name="settings">The number of layers and channels.</param>
    /// <param name="values">The number of values per anchor.</param>
    /// <param name="name">The state_dict name of the last convolution.</param>
    /// <param name="bias">The initial bias of the last convolution.</param>
    public PredictionHead(RetinaNetSettings settings, int values, string name, double bias)
        : base(nameof(PredictionHead))
    {
        (_values, _bias) = (values, bias);
        conv = nn.Sequential(Enumerable.Range(0, settings.HeadLayers).Select(_ => Layer(settings.Channels)).ToArray());
        Conv2d prediction = WeightLayers.Conv2d(settings.Channels, settings.AnchorsPerPosition * values, 3, padding: 1);
        _prediction = () => prediction;
        RegisterComponents();
        register_module(name, prediction);
    }

    /// <summary>The predictions [N,A,values] for all anchors of the levels, in the order of <see cref="AnchorGrid"/>.</summary>
    public Tensor Predict(IReadOnlyList<Tensor> levels)
    {
        using DisposeScope scope = NewDisposeScope();
        return cat([.. levels.Select(OfLevel)], 1).MoveToOuterDisposeScope();
    }

    /// <summary>Initializes the weights as torchvision does: kernels from N(0, 0.01^2), bias 0 except for the last convolution.</summary>
    public void InitializeWeights(RandomStream random)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Conv2d prediction = _prediction();
        foreach (Conv2d convolution in conv.modules().OfType<Conv2d>().Append(prediction))
        {
            WeightInitializer.Fill(convolution.weight!, () => 0.01 * random.NextGaussian());
            WeightInitializer.Fill(convolution.bias!, () => convolution == prediction ? _bias : 0);
        }
    }

    private Tensor OfLevel(Tensor level)
    {
        Tensor map = _prediction().call(conv.Count > 0 ? conv.call(level) : level); // [N,anchors*values,h,w]
        return map.permute(0, 2, 3, 1).reshape(map.shape[0], -1, _values);
    }

    private static nn.Module<Tensor, Tensor> Layer(int channels) =>
        nn.Sequential(WeightLayers.Conv2d(channels, channels, 3, padding: 1), nn.ReLU(inplace: true));
}
