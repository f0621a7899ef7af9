using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>
/// Sets torch's thread-local settings as the library needs them, whatever the caller has set: inference mode off, gradients on or off, and a new dispose scope,
/// so that the caller's dispose scope neither gets nor frees tensors of the library. <see cref="Dispose"/> must run on the same thread; it frees these tensors
/// and restores the settings.
/// </summary>
/// <remarks>
/// Every public entry point that uses torch creates one: training, scoring, explaining and loading networks. The default dtype, device and generator belong to
/// the whole process and are not changed: each tensor is created with an explicit dtype and device, and random numbers come from separate generators. <see
/// cref="ModuleScope"/> is for the exceptions.
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
/// A <see cref="TorchScope"/> for creating modules. Constructors of modules use torch's default dtype, device and generator, which belong to the whole process.
/// The scope sets them to float32, CPU and a given seed; <see cref="Dispose"/>, on the same thread, restores them. A lock lets only one thread at a time create
/// modules.
/// </summary>
/// <remarks>Tensors that are not detached are freed with the scope: TorchSharp's constructors leave a wrapper for each tensor that they fill.</remarks>
internal sealed class ModuleScope : IDisposable
{
    private static readonly Lock Gate = new();

    private readonly TorchScope _scope;
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private readonly Tensor _generator;

    /// <param name="seed">The seed for the initial weights.</param>
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

    /// <summary>Creates a module that lives until it is disposed, independent of the current dispose scope.</summary>
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
