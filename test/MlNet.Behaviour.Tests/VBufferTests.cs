using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class VBufferTests
{
    private static readonly VBuffer<float> _dense = new(3, [1, 2, 3]);
    private static readonly VBuffer<float> _sparse = new(5, 2, [7, 8], [1, 3]);

    [Fact]
    public void Dense_HasValuesAndNoIndices()
    {
        Assert.True(_dense.IsDense);
        Assert.Equal(3, _dense.Length);
        Assert.Equal([1, 2, 3], _dense.GetValues().ToArray());
        Assert.True(_dense.GetIndices().IsEmpty);
        Assert.Equal("Dense vector of size 3", _dense.ToString());
    }

    [Fact]
    public void Sparse_FillsWithDefaults()
    {
        Assert.False(_sparse.IsDense);
        Assert.Equal([0, 7, 0, 8, 0], _sparse.DenseValues());
        Assert.Equal([1, 3], _sparse.GetIndices().ToArray());
        Assert.Equal([(1, 7f), (3, 8f)], _sparse.Items().Select(p => (p.Key, p.Value)));
        Assert.Equal(5, _sparse.Items(all: true).Count());
        Assert.Equal(8, _sparse.GetItemOrDefault(3));
        Assert.Equal(0, _sparse.GetItemOrDefault(4));
        Assert.Equal("Sparse vector of size 5, 2 explicit values", _sparse.ToString());
    }

    [Fact]
    public void CopyTo_SpanWithDefault_FillsTheGaps()
    {
        var target = new float[7];
        _sparse.CopyTo(target, 1, defaultValue: -1);

        Assert.Equal([0, -1, 7, -1, 8, -1, 0], target);
    }

    [Fact]
    public void CopyTo_Slice_KeepsSparsity()
    {
        VBuffer<float> slice = default;
        _sparse.CopyTo(ref slice, 2, 3);

        Assert.Equal(3, slice.Length);
        Assert.Equal([0, 8, 0], slice.DenseValues());
        Assert.Equal(1, slice.GetValues().Length);
    }

    [Fact]
    public void CopyToDense_IsDense()
    {
        VBuffer<float> copy = default;
        _sparse.CopyToDense(ref copy);

        Assert.True(copy.IsDense);
        Assert.Equal([0, 7, 0, 8, 0], copy.GetValues().ToArray());
    }

    [Fact]
    public void CopyTo_Buffer_ReusesLargeEnoughArrays()
    {
        var array = new float[10];
        var target = new VBuffer<float>(10, array);
        _dense.CopyTo(ref target);
        array[0] = 42;

        Assert.Equal([42, 2, 3], target.GetValues().ToArray());
    }

    [Fact]
    public void Constructors_RefuseTooLittle()
    {
        Assert.Equal("length", Assert.Throws<ArgumentOutOfRangeException>(() => new VBuffer<int>(-1, [])).ParamName);
        Assert.Equal("values", Assert.Throws<ArgumentOutOfRangeException>(() => new VBuffer<int>(2, [1])).ParamName);
        Assert.Equal("count", Assert.Throws<ArgumentOutOfRangeException>(() => new VBuffer<int>(2, 3, [1, 2, 3], [0, 1, 2])).ParamName);
        Assert.Equal("indices", Assert.Throws<ArgumentOutOfRangeException>(() => new VBuffer<int>(4, 2, [1, 2], [0])).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => _dense.GetItemOrDefault(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => _dense.CopyTo(new float[2]));
    }

    [Fact]
    public void Editor_WritesWhatIsCommitted()
    {
        VBuffer<int> buffer = default;
        VBufferEditor<int> editor = VBufferEditor.Create(ref buffer, 6, 3);
        Assert.True(editor.CreatedNewValues);
        editor.Values[0] = 5;
        editor.Indices[0] = 4;
        buffer = editor.CommitTruncated(1);

        Assert.Equal([0, 0, 0, 0, 5, 0], buffer.DenseValues());
        VBufferEditor<int> again = VBufferEditor.Create(ref buffer, 2);
        Assert.False(again.CreatedNewValues);
        Assert.True(again.Indices.IsEmpty);
        Assert.Equal(2, again.Commit().Length);
    }

    [Fact]
    public void Copy_TakesAStretchOfAnArray()
    {
        VBuffer<int> buffer = default;
        VBuffer<int>.Copy([1, 2, 3, 4], 1, ref buffer, 2);

        Assert.Equal([2, 3], buffer.GetValues().ToArray());
    }
}
