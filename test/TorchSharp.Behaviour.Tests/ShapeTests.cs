namespace TorchSharp.Behaviour.Tests;

public sealed class ShapeTests
{
    private static Tensor X => arange(24).view(2, 3, 4);

    [Fact]
    public void Properties_Tensor_AreTold()
    {
        Assert.Equal([2L, 3L, 4L], X.shape);
        Assert.Equal(3, X.ndim);
        Assert.Equal(3, X.dim());
        Assert.Equal(4, X.size(2));
        Assert.Equal(24, X.numel());
        Assert.Equal(24, X.NumberOfElements);
        Assert.Equal([12L, 4L, 1L], X.stride());
        Assert.Equal(8, X.ElementSize);
        Assert.True(X.is_contiguous());
    }

    [Fact]
    public void Views_Shapes_Follow()
    {
        Assert.Equal([6L, 4L], X.view(6, 4).shape);
        Assert.Equal([6L, 4L], X.reshape(-1, 4).shape);
        Assert.Equal([4L, 2L, 3L], X.permute(2, 0, 1).shape);
        Assert.False(X.permute(2, 0, 1).is_contiguous());
        Assert.True(X.permute(2, 0, 1).contiguous().is_contiguous());
        Assert.Equal([2L, 4L, 3L], X.transpose(1, 2).shape);
        Assert.Equal([2L, 12L], X.flatten(1).shape);
        Assert.Equal([24L], X.flatten().shape);
        Assert.Equal([2L, 3L, 1L, 4L], X.unsqueeze(2).shape);
        Assert.Equal([2L, 3L], X.narrow(2, 0, 1).squeeze(2).shape);
        Assert.Equal([5L, 2L], ones(1, 2).expand(5, 2).shape);
        Assert.Equal([2L, 6L], ones(2, 3).repeat(1, 2).shape);
        Assert.Equal([4L, 3L], ones(3, 4).t().shape);
    }

    [Fact]
    public void View_Writes_ReachTheOriginal()
    {
        Tensor x = zeros(2, 2);

        x.view(4).narrow(0, 1, 2).fill_(1);

        Close.To([0, 1, 1, 0], x);
    }

    [Fact]
    public void PartsOfATensor_Values_Match()
    {
        Assert.Equal([12L, 13, 14, 15], X.select(0, 1).select(0, 0).data<long>().ToArray());
        Assert.Equal([1L, 3], arange(4).slice(0, 1, 4, 2).data<long>().ToArray());
        Assert.Equal([3L, 2, 1, 0], arange(4).flip(0).data<long>().ToArray());
        Assert.Equal([2L, 0], arange(4).index_select(0, tensor(new[] { 2L, 0 })).data<long>().ToArray());
        Assert.Equal([2, 3, 4], arange(9).split(new long[] { 2, 3, 4 }).Select(p => (int)p.numel()));
        Assert.Equal([4, 4, 1], arange(9).split(4).Select(p => (int)p.numel()));
        Assert.Equal([3, 3, 3], arange(9).chunk(3).Select(p => (int)p.numel()));
    }

    [Fact]
    public void Channelslast_PermutedCopy_KeepsItsStrides()
    {
        Tensor x = rand(2, 3, 4, 5).permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);

        Assert.Equal([2L, 3L, 4L, 5L], x.shape);
        Assert.Equal([60L, 1L, 15L, 3L], x.stride());
        Assert.Equal([60L, 1L, 15L, 3L], x.relu().stride());
    }

    [Fact]
    public void GatherAndScatter_Places_Match()
    {
        Tensor x = tensor(new float[] { 1, 2, 3, 4 }, new long[] { 2, 2 });
        Tensor at = tensor(new[] { 1L, 0 }, new long[] { 2, 1 });

        Close.To([2, 3], x.gather(1, at));
        Close.To([0, 1, 1, 0], zeros(2, 2).scatter_(1, at, ones(2, 1)));
    }
}
