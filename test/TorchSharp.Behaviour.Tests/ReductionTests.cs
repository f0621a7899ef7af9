namespace TorchSharp.Behaviour.Tests;

public sealed class ReductionTests
{
    private static Tensor X => arange(6).to(ScalarType.Float32).view(2, 3);

    [Fact]
    public void SumAndMean_DimsAndKeep_ClosedForm()
    {
        Assert.Equal(15f, X.sum().item<float>());
        Assert.Equal(2.5f, X.mean().item<float>());
        Close.To([3, 5, 7], X.sum(0L));
        Close.To([1, 4], X.mean(new long[] { 1 }));
        Assert.Equal([2L, 1L], X.sum(1, keepdim: true).shape);
        Assert.Equal([1L, 1L], X.mean(new long[] { 0, 1 }, keepdim: true).shape);
        Assert.Equal(ScalarType.Float64, X.sum(type: ScalarType.Float64).dtype);
    }

    [Fact]
    public void Spread_BiasedOrNot_ClosedForm()
    {
        Assert.Equal(3.5f, X.var().item<float>(), 1e-5f);
        Assert.Equal(Math.Sqrt(3.5), X.std().item<float>(), 1e-5f);
        Close.To([1, 1], X.var(1));
        Close.To([2.0 / 3, 2.0 / 3], X.var(1, unbiased: false));
    }

    [Fact]
    public void Extremes_ValuesAndPlaces_Match()
    {
        (Tensor values, Tensor places) = X.max(1);

        Close.To([2, 5], values);
        Assert.Equal([2L, 2], places.data<long>().ToArray());
        Assert.Equal(5f, X.max().item<float>());
        Assert.Equal(0f, X.min().item<float>());
        Assert.Equal(5L, X.argmax().item<long>());
        Assert.Equal([2L, 2], X.argmax(1).data<long>().ToArray());
    }

    [Fact]
    public void TopkAndSort_Order_Match()
    {
        Tensor t = tensor(new float[] { 3, 1, 2 });

        (Tensor values, Tensor places) = t.topk(2);
        Close.To([3, 2], values);
        Assert.Equal([0L, 2], places.data<long>().ToArray());
        (Tensor sorted, Tensor from) = t.sort();
        Close.To([1, 2, 3], sorted);
        Assert.Equal([1L, 2, 0], from.data<long>().ToArray());
    }

    [Fact]
    public void Softmax_Rows_AreDistributions()
    {
        Tensor p = X.softmax(1);

        Close.To([1, 1], p.sum(1));
        Close.Same(p.log(), X.log_softmax(1));
        double e = Math.E;
        Assert.Equal(1 / (1 + e + (e * e)), p[0, 0].item<float>(), 1e-6);
    }

    [Fact]
    public void Norm_Vector_IsItsLength() => Assert.Equal(5f, tensor(new float[] { 3, 4 }).norm().item<float>());

    [Fact]
    public void AnyAndAll_Mask_Match()
    {
        Assert.True(X.gt(4).any().item<bool>());
        Assert.False(X.gt(4).all().item<bool>());
    }
}
