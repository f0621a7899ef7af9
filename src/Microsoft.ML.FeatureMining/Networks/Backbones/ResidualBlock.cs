using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Backbones;

/// <summary>
/// ReLU of a branch plus a skip: the block of all residual networks but the pre-activated ones. The branch's layers stand in the block's own name space, as they do in
/// torchvision and timm.
/// </summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    // Delegates: a field of a module's type would be registered under the field's name.
    private readonly Func<Tensor, Tensor> _branch;
    private readonly Func<Tensor, Tensor>? _skip;

    /// <param name="branch">Its children become this block's.</param>
    /// <param name="skip">Null where the input itself will do.</param>
    public ResidualBlock(nn.Module<Tensor, Tensor> branch, Sequential? skip)
        : base(nameof(ResidualBlock))
    {
        _branch = branch.call;
        foreach ((string name, nn.Module layer) in branch.named_children())
        {
            register_module(name, layer);
        }

        if (skip is not null)
        {
            _skip = skip.call;
            register_module("downsample", skip);
        }
    }

    public override Tensor forward(Tensor input)
    {
        using DisposeScope scope = NewDisposeScope();
        return _branch(input).Add_(_skip?.Invoke(input) ?? input).relu_().MoveToOuterDisposeScope();
    }
}
