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

/// <summary>
/// A <see cref="TorchScope"/> in which modules are made. Constructors take torch's default dtype and device and draw initial weights from its default generator, all of which belong to the process:
/// here they are float32, the CPU and a generator with a known seed. <see cref="Dispose"/>, on the same thread, restores the program's. One thread at a time makes modules.
/// </summary>
/// <remarks>Tensors that are not kept are freed with the scope: TorchSharp's constructors leave a wrapper for each tensor that they fill.</remarks>
internal sealed class ModuleScope : IDisposable
{
    private static readonly Lock Gate = new();

    private readonly TorchScope _scope;
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private readonly Tensor _generator;

    /// <param name="seed">For the weights that constructors draw.</param>
    public ModuleScope(long seed)
    {
        Gate.Enter();
        _scope = new TorchScope(gradients: true);
        (_dtype, _device) = (get_default_dtype(), get_default_device());
        set_default_dtype(ScalarType.Float32);
        set_default_device(CPU);
        using Generator seeded = new((ulong)seed);
        _generator = get_rng_state();
        set_rng_state(seeded.get_state());
    }

    /// <summary>Makes a module that lives until it is disposed, whatever scope it is made in.</summary>
    public static T Make<T>(Func<T> make, long seed = 0)
        where T : nn.Module
    {
        using ModuleScope scope = new(seed);
        T module = make();
        DetachFromDisposeScope(module);
        return module;
    }

    /// <summary>Detaches the tensors of a module from the dispose scope in which they were created.</summary>
    public static void DetachFromDisposeScope(nn.Module module)
    {
        foreach (Tensor tensor in module.parameters().Concat(module.buffers()))
        {
            tensor.DetachFromDisposeScope();
        }
    }

    public void Dispose()
    {
        set_rng_state(_generator);
        set_default_dtype(_dtype);
        set_default_device(_device);
        _scope.Dispose();
        Gate.Exit();
    }
}
