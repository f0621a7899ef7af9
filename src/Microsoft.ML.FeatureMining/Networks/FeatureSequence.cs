using System.Globalization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// The list of layers that torchvision calls <c>features</c>, in which stages are mere ranges: layers are added in order, and <see cref="EndPart"/> says where the stem or a stage ends.
/// </summary>
internal sealed class FeatureSequence
{
    private readonly List<List<nn.Module<Tensor, Tensor>>> _parts = [[]];
    private readonly List<(string Name, nn.Module<Tensor, Tensor> Layer)> _layers = [];

    /// <summary>The layers of each part.</summary>
    public IReadOnlyList<IReadOnlyList<nn.Module>> Parts => _parts;

    /// <summary>Adds a layer under its number.</summary>
    public void Add(nn.Module<Tensor, Tensor> layer) => Add(_layers.Count.ToString(CultureInfo.InvariantCulture), layer);

    public void Add(string name, nn.Module<Tensor, Tensor> layer)
    {
        _layers.Add((name, layer));
        _parts[^1].Add(layer);
    }

    public void EndPart() => _parts.Add([]);

    /// <summary>All layers in one module, which a network holds to own them.</summary>
    public Sequential ToModule() => nn.Sequential([.. _layers]);

    /// <summary>Runs the layers of one part; what passes between them is freed on the way.</summary>
    public Tensor Run(int part, Tensor input)
    {
        Tensor features = input;
        foreach (nn.Module<Tensor, Tensor> layer in _parts[part])
        {
            Tensor next = layer.call(features);
            if (!ReferenceEquals(features, input))
            {
                features.Dispose();
            }

            features = next;
        }

        return features;
    }
}
