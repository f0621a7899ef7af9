namespace TorchSharp.Behaviour.Tests;

public sealed class AutogradTests
{
    [Fact]
    public void Backward_Polynomial_GivesItsDerivative()
    {
        Tensor x = tensor(new float[] { 1, 2, 3 }, requires_grad: true);

        x.pow(3).sum().backward();

        Close.To([3, 12, 27], x.Gradient()!);
    }

    [Fact]
    public void Backward_Twice_Accumulates()
    {
        Tensor x = ones(2, requires_grad: true);

        (x * 2).sum().backward();
        (x * 3).sum().backward();

        Close.To([5, 5], x.Gradient()!);
    }

    [Fact]
    public void Gradient_BeforeBackward_IsNull() => Assert.Null(ones(2, requires_grad: true).Gradient());

    [Fact]
    public void NoGrad_Inside_RecordsNothing()
    {
        Tensor x = ones(2, requires_grad: true);
        using (no_grad())
        {
            Assert.False(is_grad_enabled());
            Assert.False((x * 2).requires_grad);
            using (enable_grad()) Assert.True((x * 2).requires_grad);
        }

        Assert.True(is_grad_enabled());
        Assert.True((x * 2).requires_grad);
    }

    [Fact]
    public void Detach_Copy_IsALeafWithoutGradient()
    {
        Tensor x = ones(2, requires_grad: true), y = x * 2;

        Assert.True(x.is_leaf);
        Assert.False(y.is_leaf);
        Assert.False(y.detach().requires_grad);
        Assert.True(y.detach().requires_grad_().requires_grad);
    }

    [Fact]
    public void Grad_Function_ReturnsGradientsWithoutStoringThem()
    {
        Tensor x = tensor(new float[] { 2, 3 }, requires_grad: true);

        IList<Tensor> gradients = autograd.grad(new List<Tensor> { x.pow(2).sum() }, new List<Tensor> { x });

        Close.To([4, 6], gradients.Single());
        Assert.Null(x.Gradient());
    }

    [Fact]
    public void Grad_CreateGraph_CanBeDerivedAgain()
    {
        Tensor x = tensor(new float[] { 2 }, requires_grad: true);

        Tensor first = autograd.grad(new List<Tensor> { x.pow(3).sum() }, new List<Tensor> { x }, create_graph: true).Single();
        first.sum().backward();

        Close.To([12], x.Gradient()!);
    }

    [Fact]
    public void Backward_WithWeights_ScalesEachOutput()
    {
        Tensor x = ones(2, requires_grad: true);

        (x * 2).backward(new List<Tensor> { tensor(new float[] { 1, 10 }) });

        Close.To([2, 20], x.Gradient()!);
    }
}
