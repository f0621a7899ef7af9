using System.Security.Cryptography;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>
/// Sets torch's global state as a caller might; Dispose restores it. <see cref="Assert"/> fails if the state has changed since. Default dtype, default device
/// and generator belong to the process, so use it only in tests that run without parallel tests.
/// </summary>
internal sealed class CallerTorchState : IDisposable
{
    private readonly (ScalarType Type, Device Device, Tensor Generator) _before = (get_default_dtype(), get_default_device(), get_rng_state());
    private readonly List<IDisposable> _open = [];
    private readonly DisposeScope? _scope;
    private readonly Tensor? _owned;
    private readonly string _set;

    public CallerTorchState(string name)
    {
        bool all = name == "all";
        if (all || name == "dispose scope")
        {
            _open.Add(_scope = NewDisposeScope());
            _owned = tensor(7f);
        }

        if (all || name == "default dtype")
        {
            set_default_dtype(ScalarType.Float64);
        }

        if (all || name == "default device")
        {
            // Meta tensors have no data, so code that uses the default device cannot compute anything.
            set_default_device(new Device(DeviceType.META));
        }

        if (all || name == "generator")
        {
            random.manual_seed(123).Dispose();
        }

        if (name == "no grad")
        {
            _open.Add(no_grad());
        }

        if (all || name == "inference mode")
        {
            _open.Add(inference_mode());
        }

        _set = Describe();
    }

    public static TheoryData<string> Names { get; } = ["default dtype", "default device", "no grad", "inference mode", "dispose scope", "generator", "all"];

    public void Assert()
    {
        Xunit.Assert.Equal(_set, Describe());
        if (_scope is not null)
        {
            Xunit.Assert.Equal([_owned!], _scope.DisposablesView);
            Xunit.Assert.Equal(7f, _owned!.ToSingle());
        }
    }

    public void Dispose()
    {
        _open.Reverse();
        _open.ForEach(open => open.Dispose());
        set_default_dtype(_before.Type);
        set_default_device(_before.Device);
        set_rng_state(_before.Generator);
        _before.Generator.Dispose();
    }

    private static string Describe()
    {
        using Tensor generator = get_rng_state();
        return $"{get_default_dtype()} {get_default_device()} grad {is_grad_enabled()} inference {is_inference_mode_enabled()} generator {Convert.ToHexString(SHA256.HashData(generator.bytes))}";
    }
}
