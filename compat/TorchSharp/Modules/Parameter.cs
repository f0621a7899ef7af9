using static TorchSharp.torch;

namespace TorchSharp.Modules;

/// <summary>A tensor that modules find among their fields and hand to optimizers.</summary>
public class Parameter : Tensor
{
    /// <summary>Takes over the tensor, which is empty afterwards, and its place in its dispose scope.</summary>
    public Parameter(Tensor data, bool requires_grad = true)
        : base(data.with_requires_grad(requires_grad).MoveHandle(), register: false) =>
        data.OwningDisposeScope?.Replace(data, this);
}
