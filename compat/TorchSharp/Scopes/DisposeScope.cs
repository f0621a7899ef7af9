namespace TorchSharp;

/// <summary>Owns the tensors that are made while it is the innermost scope of its thread, and disposes them with itself.</summary>
public sealed class DisposeScope : IDisposable
{
    private readonly DisposeScopeManager _manager;
    private bool _disposed;

    internal DisposeScope(DisposeScopeManager manager)
    {
        _manager = manager;
        OuterScope = manager.Current;
    }

    public int DisposablesCount => Open().Count;

    public IReadOnlyList<IDisposable> DisposablesView => Open().ToArray();

    internal DisposeScope? OuterScope { get; set; }

    internal HashSet<IDisposable> Members { get; private set; } = new(ReferenceEqualityComparer.Instance);

    public bool Contains(IDisposable disposable) => Members.Contains(disposable);

    public void Attach(IDisposable disposable) => Attach([disposable]);

    public IReadOnlyList<IDisposable> Attach(IEnumerable<IDisposable> disposables)
    {
        Open();
        var all = disposables.ToList();
        foreach (IDisposable disposable in all)
        {
            if (Take(AsTensor(disposable))) _manager.Counts.TensorStatistics.AttachedToScopeCount++;
        }
        return all;
    }

    public T Detach<T>(T disposable)
        where T : IDisposable
    {
        Detach([disposable]);
        return disposable;
    }

    public void Detach(params IDisposable[] disposables) => Detach((IEnumerable<IDisposable>)disposables);

    public void Detach(IEnumerable<IDisposable> disposables)
    {
        HashSet<IDisposable> members = Open();
        foreach (IDisposable disposable in disposables)
        {
            if (!members.Remove(disposable)) continue;
            AsTensor(disposable).OwningDisposeScope = null;
            _manager.Counts.TensorStatistics.DetachedFromScopeCount++;
        }
    }

    public T MoveToOuter<T>(T disposable)
        where T : IDisposable
    {
        MoveToOther(OuterScope, [disposable]);
        return disposable;
    }

    public void MoveToOuter(params IDisposable[] disposables) => MoveToOther(OuterScope, disposables);

    public void MoveToOuter(IEnumerable<IDisposable> disposables) => MoveToOther(OuterScope, disposables);

    public T MoveToOther<T>(DisposeScope? scope, T disposable)
        where T : IDisposable
    {
        MoveToOther(scope, [disposable]);
        return disposable;
    }

    public void MoveToOther(DisposeScope? scope, params IDisposable[] disposables) =>
        MoveToOther(scope, (IEnumerable<IDisposable>)disposables);

    public void MoveToOther(DisposeScope? scope, IEnumerable<IDisposable> disposables)
    {
        HashSet<IDisposable> members = Open();
        if (scope is null)
        {
            Detach(disposables);
            return;
        }
        foreach (IDisposable disposable in disposables)
        {
            if (members.Contains(disposable)) scope.Take(AsTensor(disposable));
        }
    }

    public void DisposeEverything() => DisposeEverythingBut(Enumerable.Empty<IDisposable>());

    public T DisposeEverythingBut<T>(T keep)
        where T : IDisposable
    {
        DisposeEverythingBut([keep]);
        return keep;
    }

    public void DisposeEverythingBut(params IDisposable[] keep) => DisposeEverythingBut((IEnumerable<IDisposable>)keep);

    public void DisposeEverythingBut(IEnumerable<IDisposable> inKeep)
    {
        HashSet<IDisposable> before = Open();
        Members = new HashSet<IDisposable>(inKeep, ReferenceEqualityComparer.Instance);
        foreach (IDisposable disposable in before)
        {
            if (!Members.Contains(disposable)) disposable.Dispose();
        }
    }

    public void MarkAsDisposed(IDisposable disposable)
    {
        Open().Remove(disposable);
        AsTensor(disposable).OwningDisposeScope = null;
    }

    public void Dispose()
    {
        if (_disposed) return;
        DisposeEverything();
        _manager.Remove(this);
        _disposed = true;
    }

    /// <summary>The place of a tensor whose handle another tensor took over.</summary>
    internal void Replace(torch.Tensor original, torch.Tensor replacement)
    {
        if (!Members.Remove(original)) return;
        original.OwningDisposeScope = null;
        Take(replacement);
    }

    private bool Take(torch.Tensor tensor)
    {
        DisposeScope? before = tensor.OwningDisposeScope;
        if (before == this) return false;
        Members.Add(tensor);
        before?.Members.Remove(tensor);
        tensor.OwningDisposeScope = this;
        return true;
    }

    private HashSet<IDisposable> Open()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return Members;
    }

    private static torch.Tensor AsTensor(IDisposable disposable) => disposable as torch.Tensor
        ?? throw new InvalidOperationException("A dispose scope manages tensors only.");
}
