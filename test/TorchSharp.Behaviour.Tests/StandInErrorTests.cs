using System.Runtime.InteropServices;

namespace TorchSharp.Behaviour.Tests;

/// <summary>
/// Mistakes with which the real library ends the process instead of throwing: its native functions for these let the C++ exception, or a null pointer, through.
/// The product must not make them; the stand-in reports them.
/// </summary>
public sealed class StandInErrorTests
{
    private const string Why = "the real TorchSharp aborts the process here";

    [SkippableFact]
    public void Matmul_ShapesThatDoNotFit_Throws()
    {
        Skip.IfNot(Library.IsStandIn, Why);

        Assert.Throws<ExternalException>(() => ones(2, 3).matmul(ones(2, 3)));
    }

    [SkippableFact]
    public void Grad_UnusedInput_ThrowsOrIsNull()
    {
        Skip.IfNot(Library.IsStandIn, Why);
        Tensor x = ones(2, requires_grad: true), unused = ones(2, requires_grad: true);

        Assert.Throws<ExternalException>(() => autograd.grad(new List<Tensor> { (x * 2).sum() }, new List<Tensor> { x, unused }));
        IList<Tensor> gradients = autograd.grad(new List<Tensor> { (x * 2).sum() }, new List<Tensor> { x, unused }, allow_unused: true);
        Close.To([2, 2], gradients[0]);
        Assert.Null(gradients[1]);
    }

    [SkippableFact]
    public void Null_Argument_IsRefused()
    {
        Skip.IfNot(Library.IsStandIn, Why);

        Assert.Throws<ArgumentNullException>(() => ones(2).add((Tensor)null!));
        Assert.Throws<ArgumentNullException>(() => cat(new Tensor[] { ones(2), null! }));
    }
}
