using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>What turns pooled features [N,C] into logits [N,K].</summary>
public abstract class Head : nn.Module<Tensor, Tensor>
{
    /// <summary>Names the module.</summary>
    protected Head(string name)
        : base(name)
    {
    }
}
