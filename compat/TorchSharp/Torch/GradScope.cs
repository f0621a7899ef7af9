using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>Switches the recording of gradients on this thread, and back when it is disposed.</summary>
internal sealed class GradScope : IDisposable
{
    private readonly bool _before = NativeContext.mt_is_grad_enabled();
    private bool _over;

    internal GradScope(bool enabled) => NativeContext.mt_set_grad_enabled(enabled);

    public void Dispose()
    {
        if (_over) return;
        _over = true;
        NativeContext.mt_set_grad_enabled(_before);
    }
}
