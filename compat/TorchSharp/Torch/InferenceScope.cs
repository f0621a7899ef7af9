using TorchSharp.Interop;

namespace TorchSharp;

/// <summary>Inference mode on this thread until it is disposed.</summary>
internal sealed class InferenceScope(bool enabled) : IDisposable
{
    private nint _guard = NativeContext.mt_inference_mode_new(enabled);

    public void Dispose()
    {
        if (_guard == 0) return;
        NativeContext.mt_inference_mode_dispose(_guard);
        _guard = 0;
    }
}
