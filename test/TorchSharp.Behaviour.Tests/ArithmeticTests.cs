namespace TorchSharp.Behaviour.Tests;

public sealed class ArithmeticTests
{
    private static Tensor A => tensor(new float[] { 1, 2, 4 });

    private static Tensor B => tensor(new float[] { 2, 2, 8 });

    [Fact]
    public void Operators_TensorsAndNumbers_ClosedForm()
    {
        Close.To([3, 4, 12], A + B);
        Close.To([-1, 0, -4], A - B);
        Close.To([2, 4, 32], A * B);
        Close.To([0.5, 1, 0.5], A / B);
        Close.To([2, 3, 5], A + 1);
        Close.To([2, 3, 5], 1f + A);
        Close.To([0, -1, -3], 1 - A);
        Close.To([2, 4, 8], 2.0 * A);
        Close.To([1, 0.5, 0.25], 1f / A);
        Close.To([0.5, 1, 2], A / 2);
        Close.To([-1, -2, -4], -A);
    }

    [Fact]
    public void Comparisons_Tensors_AreMasks()
    {
        Assert.Equal([true, false, true], (A < B).data<bool>().ToArray());
        Assert.Equal([false, true, false], A.eq(B).data<bool>().ToArray());
        Assert.Equal([false, true, true], A.gt(1).data<bool>().ToArray());
        Assert.Equal([true, true, false], A.le(2).data<bool>().ToArray());
        Assert.Equal([true, false, false], A.eq(1).logical_and(B.eq(2)).data<bool>().ToArray());
        Assert.Equal([false, true, false], A.isnan().logical_or(A.eq(2)).data<bool>().ToArray());
    }

    [Fact]
    public void InPlace_Operations_ChangeTheTensorAndReturnIt()
    {
        Tensor t = A;

        t.add_(B, alpha: 2).mul_(0.5f).sub_(1).div_(2);

        Close.To([0.75, 1, 4.5], t);
        Close.To([0, 0, 0], t.zero_());
        Close.To([3, 3, 3], t.fill_(3));
        Close.To([2, 2, 8], t.copy_(B));
        Close.To([6, 6, 40], t.addcmul_(A, tensor(new float[] { 2, 1, 4 }), 2));
        Close.To([4, 4, 24], t.lerp_(B, tensor(0.5f)));
    }

    [Fact]
    public void Unary_Functions_ClosedForm()
    {
        Close.To([Math.E, Math.Exp(2), Math.Exp(4)], A.exp(), 1e-4);
        Close.To([0, Math.Log(2), Math.Log(4)], log(A));
        Close.To([1, Math.Sqrt(2), 2], A.sqrt());
        Close.To([1, 4, 16], A.pow(2));
        Close.To([1, 2, 3], A.clamp(1, 3));
        Close.To([2, 2, 4], maximum(A, full_like(A, 2)));
        Close.To([1, 2, 2], minimum(A, full_like(A, 2)));
        Close.To([0.5], tensor(new[] { 0f }).sigmoid());
        Close.To([0, 3], tensor(new float[] { -2, 3 }).relu());
        Close.To([2, 3], tensor(new float[] { -2, 3 }).abs());
    }

    [Fact]
    public void WhereAndMaskedFill_Mask_Chooses()
    {
        Tensor mask = A.gt(1);

        Close.To([2, 2, 4], where(mask, A, B));
        Close.To([1, 0, 0], A.masked_fill(mask, 0));
    }

    [Fact]
    public void Broadcast_RowAndColumn_Spread() =>
        Close.To([11, 12, 21, 22], tensor(new float[] { 10, 20 }).view(2, 1) + tensor(new float[] { 1, 2 }));

    [Fact]
    public void Finite_NotANumberAndInfinity_AreTold()
    {
        Tensor t = tensor(new[] { 1f, float.NaN, float.PositiveInfinity });

        Assert.Equal([true, false, false], t.isfinite().data<bool>().ToArray());
        Assert.Equal([false, true, false], t.isnan().data<bool>().ToArray());
    }

    [Fact]
    public void MatrixProducts_Small_ClosedForm()
    {
        Tensor m = tensor(new float[] { 1, 2, 3, 4 }, new long[] { 2, 2 });

        Close.To([7, 10, 15, 22], m.mm(m));
        Close.To([7, 10, 15, 22], m.matmul(m));
        Close.To([7, 10, 15, 22], m.unsqueeze(0).bmm(m.unsqueeze(0)));
    }

    [Fact]
    public void Conversions_Types_RoundTowardsZeroAndBack()
    {
        Tensor t = tensor(new[] { 1.7f, -1.7f });

        Assert.Equal([1L, -1], t.to(ScalarType.Int64).data<long>().ToArray());
        Assert.Equal([true, true], t.to_type(ScalarType.Bool).data<bool>().ToArray());
        Assert.Equal(ScalarType.Float64, t.@double().dtype);
        Assert.Equal(1, tensor(1.7f).ToInt32());
        Assert.Equal(1.5, tensor(1.5f).ToDouble());
        Assert.Equal(2f, tensor(2L).ToSingle());
    }
}
