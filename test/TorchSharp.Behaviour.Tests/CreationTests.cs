namespace TorchSharp.Behaviour.Tests;

public sealed class CreationTests
{
    [Fact]
    public void Factories_Sizes_MakeShapesOfTheDefaultType()
    {
        foreach (Tensor t in new[] { zeros(2, 3), ones(2, 3), empty(2, 3), rand(2, 3), randn(2, 3) })
        {
            Assert.Equal([2L, 3L], t.shape);
            Assert.Equal(ScalarType.Float32, t.dtype);
            Assert.Equal(DeviceType.CPU, t.device_type);
            Assert.False(t.requires_grad);
        }
        Assert.Equal([2L, 3L, 4L, 5L], zeros(2, 3, 4, 5).shape);
        Assert.Equal([7L], zeros(new long[] { 7 }).shape);
        Assert.True(ones(2, dtype: ScalarType.Float64, requires_grad: true).requires_grad);
    }

    [Fact]
    public void Arange_IntegersAndReals_TakeTheirType()
    {
        Assert.Equal([0L, 1, 2, 3], arange(4).data<long>().ToArray());
        Assert.Equal([1L, 3], arange(1, 5, 2).data<long>().ToArray());
        Assert.Equal([0f, 0.5f], arange(0f, 1f, 0.5f).data<float>().ToArray());
        Assert.Equal([0d, 2], arange(0, 4, 2, dtype: ScalarType.Float64).data<double>().ToArray());
    }

    [Fact]
    public void FullEyeLinspace_ClosedForm_Match()
    {
        Close.To([2.5, 2.5], full(new long[] { 2 }, 2.5f));
        Assert.Equal(ScalarType.Int64, full(new long[] { 2 }, 3).dtype);
        Close.To([1, 0, 0, 1], eye(2));
        Close.To([0, 0.5, 1], linspace(0, 1, 3));
    }

    [Fact]
    public void Likes_Model_TakeShapeAndType()
    {
        Tensor model = zeros(2, 2, dtype: ScalarType.Int64);

        Assert.Equal(ScalarType.Int64, ones_like(model).dtype);
        Assert.Equal(ScalarType.Float32, zeros_like(model, dtype: ScalarType.Float32).dtype);
        Assert.Equal([2L, 2L], empty_like(model).shape);
        Close.To([7, 7, 7, 7], full_like(model, 7));
    }

    [Fact]
    public void Tensor_Arrays_AreCopied()
    {
        float[] source = [1, 2, 3, 4];

        Tensor flat = tensor(source), square = tensor(source, new long[] { 2, 2 });
        source[0] = 99;

        Assert.Equal([1f, 2, 3, 4], flat.data<float>().ToArray());
        Assert.Equal([2L, 2L], square.shape);
        Assert.Equal(ScalarType.Bool, tensor(new[] { true, false }).dtype);
        Assert.Equal(ScalarType.Byte, tensor(new byte[] { 1 }).dtype);
        Assert.Equal(ScalarType.Int16, tensor(new short[] { 1 }).dtype);
        Assert.Equal(ScalarType.Int32, tensor(new[] { 1 }).dtype);
        Assert.Equal(ScalarType.Int64, tensor(new[] { 1L }).dtype);
        Assert.Equal(ScalarType.Float64, tensor(new[] { 1.0 }).dtype);
        Assert.Equal([2L, 3L], tensor(new float[2, 3]).shape);
        Assert.Equal(ScalarType.Float32, tensor(new[] { 1L, 2 }, dtype: ScalarType.Float32).dtype);
    }

    [Fact]
    public void Tensor_Scalars_HaveNoDimensions()
    {
        Assert.Equal(0, tensor(2f).dim());
        Assert.Equal(2f, tensor(2f).item<float>());
        Assert.Equal(2L, tensor(2L).item<long>());
        Assert.True(tensor(true).item<bool>());
    }

    [Fact]
    public void Frombuffer_Array_IsShared()
    {
        float[] source = [1, 2, 3];

        Tensor shared = frombuffer(source, ScalarType.Float32);
        source[0] = 99;
        shared[2] = tensor(-1f);

        Assert.Equal(99f, shared[0].item<float>());
        Assert.Equal(-1f, source[2]);
    }

    [Fact]
    public void FromArray_Rectangle_KeepsItsShape()
    {
        Tensor t = from_array(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } });

        Assert.Equal([2L, 3L], t.shape);
        Assert.Equal(6f, t[1, 2].item<float>());
    }

    [Fact]
    public void CatAndStack_Parts_Join()
    {
        Tensor a = ones(1, 2), b = zeros(1, 2);

        Assert.Equal([2L, 2L], cat(new[] { a, b }).shape);
        Assert.Equal([1L, 4L], cat(new List<Tensor> { a, b }, 1).shape);
        Assert.Equal([2L, 1L, 2L], stack(new[] { a, b }).shape);
    }
}
