using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// Torch's settings of this thread as the library needs them, whatever the caller has set: inference mode is left, gradients are on or off, and tensors belong to a scope of their own, so that the
/// caller's dispose scope neither gets nor frees any of them. <see cref="Dispose"/>, on the same thread, frees these tensors and restores the caller's settings.
/// </summary>
/// <remarks>
/// Every way into torch from outside takes one: training, scoring, explaining, and the loading of networks for them. Default dtype, default device and default generator belong to the whole process
/// and stay as they are, also for the caller's other threads: each tensor names its dtype and device, draws come from generators of their own, and <see cref="ModuleScope"/> is for what cannot.
/// </remarks>
internal sealed class TorchScope : IDisposable
{
    private readonly IDisposable _mode;
    private readonly IDisposable _gradients;
    private readonly DisposeScope _tensors;

    public TorchScope(bool gradients)
    {
        _mode = inference_mode(false);
        _gradients = set_grad_enabled(gradients);
        _tensors = NewDisposeScope();
    }

    public void Dispose()
    {
        _tensors.Dispose();
        _gradients.Dispose();
        _mode.Dispose();
    }
}
