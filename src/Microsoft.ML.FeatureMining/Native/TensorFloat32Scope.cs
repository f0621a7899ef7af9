using TorchSharp;

namespace Microsoft.ML.FeatureMining.Native;

/// <summary>
/// Lets convolutions and matrix products on GPUs use TensorFloat32. The setting belongs to the whole process: it is restored when the last scope is disposed.
/// </summary>
internal sealed class TensorFloat32Scope : IDisposable
{
    private static readonly Lock Gate = new();
    private static int _scopes;
    private static (bool Matrices, bool Convolutions) _before;

    public TensorFloat32Scope()
    {
        lock (Gate)
        {
            if (_scopes == 0)
            {
                _before = Allowed;
                Allowed = (true, true);
            }

            _scopes++;
        }
    }

    public void Dispose()
    {
        lock (Gate)
        {
            if (--_scopes == 0)
            {
                Allowed = _before;
            }
        }
    }

    private static (bool Matrices, bool Convolutions) Allowed
    {
        get => (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32);
        set => (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) = value;
    }
}
