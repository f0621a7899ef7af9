namespace TorchSharp.Behaviour.Tests;

public sealed class IndexingTests
{
    private static Tensor X => arange(24).view(2, 3, 4);

    [Fact]
    public void Numbers_Leading_SelectSubtensors()
    {
        Assert.Equal([3L, 4L], X[1].shape);
        Assert.Equal(23L, X[1, 2, 3].item<long>());
        Assert.Equal(23L, X[-1, -1, -1].item<long>());
    }

    [Fact]
    public void Ranges_Mixed_FollowPythonsNotation()
    {
        Assert.Equal([2L, 3L], X[TensorIndex.Ellipsis, TensorIndex.Single(0)].shape);
        Assert.Equal([2L, 2L, 4L], X[TensorIndex.Colon, TensorIndex.Slice(1)].shape);
        Assert.Equal([1L, 2L, 3L, 2L], X[TensorIndex.None, TensorIndex.Ellipsis, TensorIndex.Slice(null, null, 2)].shape);
        Assert.Equal([12L, 16], X[TensorIndex.Single(1), TensorIndex.Slice(0, 2), TensorIndex.Single(0)].data<long>().ToArray());
    }

    [Fact]
    public void Tensors_AsIndices_Gather()
    {
        Tensor rows = tensor(new[] { 1L, 0 });

        Assert.Equal([12L, 0], X[TensorIndex.Tensor(rows), TensorIndex.Single(0), TensorIndex.Single(0)].data<long>().ToArray());
        Assert.Equal([2L, 3L], X.index(TensorIndex.Colon, TensorIndex.Colon, TensorIndex.Tensor(tensor(3L))).shape);
        Assert.Equal([22L, 23], X[X.gt(21)].data<long>().ToArray());
    }

    [Fact]
    public void Assignment_PartsOfATensor_ChangesThem()
    {
        Tensor x = zeros(3, 3);

        x[0] = ones(3);
        x[1, 1] = tensor(5f);
        x.index_put_(tensor(7f), TensorIndex.Colon, TensorIndex.Single(2));

        Close.To([1, 1, 7, 0, 5, 7, 0, 0, 7], x);
    }

    [Fact]
    public void IndexPut_TensorIndices_WritesThere()
    {
        Tensor x = zeros(4);

        x.index_put_(tensor(new float[] { 1, 2 }), tensor(new[] { 3L, 0 }));

        Close.To([2, 0, 0, 1], x);
    }
}
