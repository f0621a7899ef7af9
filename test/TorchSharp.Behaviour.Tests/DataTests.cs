using System.Runtime.InteropServices;

namespace TorchSharp.Behaviour.Tests;

public sealed class DataTests
{
    [Fact]
    public void Accessor_Tensor_ReadsAndWrites()
    {
        Tensor x = arange(4).to(ScalarType.Float32);
        var into = new float[6];

        x.data<float>()[2] = 9;
        x.data<float>().CopyTo(into, 1);

        Assert.Equal([0f, 1, 9, 3], x.data<float>().ToArray());
        Assert.Equal([0f, 0, 1, 9, 3, 0], into);
        Assert.Equal(4, x.data<float>().Count);
        Assert.Equal([0f, 1, 9, 3], x.data<float>().Select(v => v));
    }

    [Fact]
    public void Accessor_Transposed_ReadsInTheOrderOfItsIndices() =>
        Assert.Equal([0L, 2, 1, 3], arange(4).view(2, 2).t().data<long>().ToArray());

    [Fact]
    public void Bytes_Tensor_IsItsMemory()
    {
        Tensor x = tensor(new float[] { 1, 2 });

        Span<float> values = MemoryMarshal.Cast<byte, float>(x.bytes);
        values[1] = 7;

        Assert.Equal(8, x.bytes.Length);
        Assert.Equal([1f, 7f], x.data<float>().ToArray());
    }

    [Fact]
    public void Handle_GivenAndTaken_KeepsTheValues()
    {
        IntPtr handle = ones(3).DecoupleFromNativeHandle();

        using Tensor back = Tensor.UnsafeCreateTensor(handle);

        Close.To([1, 1, 1], back);
    }

    [Fact]
    public void Allclose_Tensors_WithinTheTolerance()
    {
        Assert.True(ones(2).allclose(ones(2) + 1e-7f));
        Assert.False(ones(2).allclose(ones(2) + 1e-3f));
    }

    [Fact]
    public void WrongType_Data_IsRefused() => Assert.ThrowsAny<ArgumentException>(() => ones(2).data<int>());

    [Fact]
    public void Disposed_Tensor_IsRefused()
    {
        Tensor x = ones(2);
        x.Dispose();

        Assert.True(x.IsInvalid);
        Assert.Throws<InvalidOperationException>(() => x.sum());
    }
}
