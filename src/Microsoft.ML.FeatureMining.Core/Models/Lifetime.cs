namespace Microsoft.ML.FeatureMining.Models;

/// <summary>Shares a resource between threads, and releases it only when no thread uses it.</summary>
/// <param name="name">The name of the resource's type, for the exception.</param>
/// <param name="release">Releases the resource.</param>
internal sealed class Lifetime(string name, Action release) : IDisposable
{
    private readonly ReaderWriterLockSlim _lock = new();
    private bool _ended;

    /// <summary>Begins a use; call <see cref="Leave"/> at its end.</summary>
    /// <exception cref="ObjectDisposedException">The resource was released. Do not call <see cref="Leave"/>.</exception>
    public void Enter()
    {
        _lock.EnterReadLock();
        if (_ended)
        {
            _lock.ExitReadLock();
            throw new ObjectDisposedException(
                name,
                "The model was disposed. A PredictionEngine disposes its model too; to keep the model, create the engine with "
                    + "new PredictionEngineOptions { OwnsTransformer = false }."
            );
        }
    }

    /// <summary>Ends a use.</summary>
    public void Leave() => _lock.ExitReadLock();

    /// <summary>Waits until no thread uses the resource, and releases it. Further calls do nothing.</summary>
    public void Dispose()
    {
        _lock.EnterWriteLock();
        try
        {
            if (!_ended)
            {
                _ended = true;
                release();
            }
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }
}
