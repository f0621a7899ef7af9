using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// Mixed precision (<see cref="Precision.BFloat16"/>): a backbone that computes with a bfloat16 copy of another's weights. The copy is one tensor, which the
/// optimizer updates with one conversion after each step, and its gradients are added to those of the float32 weights. BatchNorm shares the parameters and the
/// running statistics of the source.
/// </summary>
internal sealed class BFloat16Backbone : Backbone
{
    private readonly Backbone _copy;
    private readonly FlatParameters _flat;
    private readonly List<(Tensor From, Tensor To)> _others = [];

    /// <param name="source">The backbone with the weights, which are in <paramref name="flat"/>, except frozen ones.</param>
    /// <param name="copy">A new backbone with the same architecture; this object disposes it.</param>
    /// <param name="flat">The trained parameters.</param>
    public BFloat16Backbone(Backbone source, Backbone copy, FlatParameters flat)
        : base(nameof(BFloat16Backbone))
    {
        (_copy, _flat) = (copy, flat);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        copy.to(flat.Weights.device, ScalarType.BFloat16);
        ChannelsLast.Apply(copy);
        foreach (BatchNorm norm in copy.modules().OfType<BatchNorm>())
        {
            norm.to(ScalarType.Float32);
        }

        (Tensor weights, Tensor gradients) = flat.CreateCopy(ScalarType.BFloat16);
        Dictionary<nint, int> indices = flat.Parameters.Index().ToDictionary(entry => entry.Item.Handle, entry => entry.Index);
        foreach (((_, Parameter from), (_, Parameter to)) in source.named_parameters().Zip(copy.named_parameters()))
        {
            bool isTrained = indices.TryGetValue(from.Handle, out int index);
            to.requires_grad = isTrained;
            if (to.dtype == from.dtype)
            {
                to.set_(from);
                to.grad = from.grad;
            }
            else if (isTrained)
            {
                to.set_(flat.View(weights, index));
                to.grad = flat.View(gradients, index);
            }
            else
            {
                _others.Add((from, to));
            }
        }

        foreach (((_, Tensor from), (_, Tensor to)) in source.named_buffers().Zip(copy.named_buffers()))
        {
            if (to.dtype == from.dtype)
            {
                to.set_(from);
            }
            else
            {
                _others.Add((from, to));
            }
        }

        ModuleScope.DetachFromDisposeScope(copy);
        register_module(nameof(copy), copy);
    }

    /// <summary>The copy for a recipe; null if it trains in another precision.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="source">The backbone that it trains.</param>
    /// <param name="flat">The trained parameters.</param>
    /// <param name="random">The random streams of the run.</param>
    /// <param name="warn">Receives a warning if the device has no instructions for it.</param>
    public static BFloat16Backbone? Of(TrainingRecipe recipe, Backbone source, FlatParameters flat, RandomStreams random, Action<string>? warn)
    {
        if (recipe.Precision != Precision.BFloat16)
        {
            return null;
        }

        if (flat.Weights.device_type == DeviceType.CPU && !BFloat16Instructions.MayExist)
        {
            warn?.Invoke("This CPU has no instructions for bfloat16 (AVX512-BF16), so training is slower than with Precision = Float32.");
        }

        // The weights are replaced.
        Backbone copy = NetworkFactory.CreateBackbone(recipe.Backbone, recipe.Input.Channels, seed: 0);
        RandomLayer.SetStream(copy, random["network"]);
        return new BFloat16Backbone(source, copy, flat);
    }

    public override IReadOnlyList<int> StageChannels => _copy.StageChannels;

    protected internal override IReadOnlyList<IReadOnlyList<nn.Module>> LayerGroups => _copy.LayerGroups;

    public override Tensor Stem(Tensor images) => _copy.Stem(images.to(ScalarType.BFloat16));

    // A strategy may return features of another type.
    public override Tensor Stage(int index, Tensor input) => _copy.Stage(index, input.to(ScalarType.BFloat16));

    /// <summary>Copies all weights, also frozen ones.</summary>
    public void Update()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _flat.UpdateCopy();
        foreach ((Tensor from, Tensor to) in _others)
        {
            to.copy_(from);
        }
    }
}
