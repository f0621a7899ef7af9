namespace TorchSharp.Behaviour.Tests;

public sealed class DisposeScopeTests
{
    [Fact]
    public void Scope_End_DisposesWhatWasMadeInside()
    {
        Tensor inside, moved, detached;
        using (NewDisposeScope())
        {
            using (DisposeScope scope = NewDisposeScope())
            {
                inside = ones(1);
                moved = ones(1).MoveToOuterDisposeScope();
                detached = ones(1).DetachFromDisposeScope();
                Assert.Equal(1, scope.DisposablesCount);
            }
            Assert.True(inside.IsInvalid);
            Assert.False(moved.IsInvalid);
        }

        Assert.True(moved.IsInvalid);
        Assert.False(detached.IsInvalid);
        detached.Dispose();
    }

    [Fact]
    public void Scope_ExplicitDispose_LeavesTheScope()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones(1);
        Assert.True(scope.Contains(x));

        x.Dispose();

        Assert.False(scope.Contains(x));
    }

    [Fact]
    public void Wrapped_Expression_KeepsItsResultOnly()
    {
        Tensor? between = null;

        Tensor result = WrappedTensorDisposeScope(() =>
        {
            between = ones(2) + 1;
            return between * 2;
        });

        Assert.True(between!.IsInvalid);
        Close.To([4, 4], result);
        result.Dispose();
    }

    [Fact]
    public void TotalCount_ScopedWork_IsAsBefore()
    {
        long before = Tensor.TotalCount;
        using (NewDisposeScope())
        {
            Tensor x = rand(4, 4);
            (x + x).mul_(2).sum().Dispose();
            Assert.True(Tensor.TotalCount > before);
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Scopes_OnThreads_AreTheirOwn()
    {
        using DisposeScope here = NewDisposeScope();
        int there = -1;
        var thread = new Thread(() =>
        {
            using DisposeScope scope = NewDisposeScope();
            using Tensor x = ones(1);
            there = scope.DisposablesCount;
        });

        thread.Start();
        thread.Join();

        Assert.Equal(1, there);
        Assert.Equal(0, here.DisposablesCount);
    }

    [SkippableFact]
    public void Disposed_Scope_IsOutOfTheStack()
    {
        Skip.If(Library.IsOld, "0.99 expects scopes to end in the reverse order of their beginning");
        DisposeScope outer = NewDisposeScope(), inner = NewDisposeScope();

        outer.Dispose();
        using Tensor x = ones(1);

        Assert.True(inner.Contains(x));
        inner.Dispose();
        using Tensor y = ones(1);
        Assert.False(inner.Contains(y));
    }
}
