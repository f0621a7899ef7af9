using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Optimizers;

/// <summary>
/// Parameters and their gradients as views of two tensors [L], so that one operation updates all parameters, sets all gradients to 0, or sums them over
/// processes, however many layers there are. Strides are kept, so that kernels stay channels_last.
/// </summary>
/// <remarks>
/// PyTorch skips parameters without a gradient, but momentum and weight decay still change a parameter whose gradient is zero. With zeros from the start, a
/// resumed run does the same as one that was not interrupted.
/// </remarks>
internal sealed class FlatParameters : IDisposable
{
    // Parameters start at multiples of 256 bytes in float32, as if each had memory of its own: cuDNN has no fast kernels for tensors at other addresses.
    private const long Alignment = 64;

    private readonly long[] _starts;
    private (Tensor Weights, Tensor Gradients)? _copy;

    /// <summary>Moves the values of the parameters, and gives each a gradient of zeros.</summary>
    /// <exception cref="ArgumentException">The parameters have different types or devices.</exception>
    public FlatParameters(IReadOnlyList<Parameter> parameters)
    {
        Parameter first = parameters[0];
        string[] kinds = [.. parameters.Select(parameter => $"{parameter.dtype} on {parameter.device}").Distinct()];
        if (kinds.Length > 1)
        {
            throw new ArgumentException($"All trained parameters must have one type and be on one device; there are {string.Join(" and ", kinds)}.");
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Parameters = parameters;
        _starts = new long[parameters.Count];
        long length = 0;
        for (int i = 0; i < parameters.Count; i++)
        {
            _starts[i] = length;
            length += (parameters[i].numel() + Alignment - 1) / Alignment * Alignment;
        }

        Weights = zeros([length], first.dtype, first.device).DetachFromDisposeScope();
        Gradients = zeros([length], first.dtype, first.device).DetachFromDisposeScope();
        for (int i = 0; i < parameters.Count; i++)
        {
            Tensor weights = View(Weights, i);
            weights.copy_(parameters[i]);
            parameters[i].set_(weights);
            // Autograd adds to a gradient that exists in place.
            parameters[i].grad = View(Gradients, i);
        }
    }

    public IReadOnlyList<Parameter> Parameters { get; }

    /// <summary>The values of all parameters, [L], with zeros between them.</summary>
    public Tensor Weights { get; }

    /// <summary>All gradients, [L], with zeros between them.</summary>
    public Tensor Gradients { get; }

    /// <summary>The part of a tensor [L] that belongs to a parameter, with its shape and strides.</summary>
    public Tensor View(Tensor flat, int parameter) => flat.as_strided(Parameters[parameter].shape, Parameters[parameter].stride(), _starts[parameter]);

    /// <summary>Where the part of a parameter starts in a tensor [L]; L for the parameter after the last one.</summary>
    public long Start(int parameter) => parameter < _starts.Length ? _starts[parameter] : Weights.numel();

    /// <summary>Sets all gradients to 0.</summary>
    public void ZeroGradients()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Gradients.zero_();
        _copy?.Gradients.zero_();
    }

    /// <summary>
    /// Creates a copy [L] of all weights in another type, and gradients [L] for it, both 0. Once per object. This object disposes them.
    /// </summary>
    public (Tensor Weights, Tensor Gradients) CreateCopy(ScalarType type)
    {
        Tensor Zeros() => zeros([Weights.numel()], type, Weights.device).DetachFromDisposeScope();
        return (_copy = (Zeros(), Zeros())).Value;
    }

    /// <summary>Sets the copy of the weights to their values, if there is one.</summary>
    public void UpdateCopy()
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _copy?.Weights.copy_(Weights);
    }

    /// <summary>Moves the gradients of the copy, if there is one, to <see cref="Gradients"/>.</summary>
    public void CollectGradients()
    {
        if (_copy is not { } copy)
        {
            return;
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Gradients.Add_(copy.Gradients);
        copy.Gradients.zero_();
    }

    public void Dispose()
    {
        Weights.Dispose();
        Gradients.Dispose();
        _copy?.Weights.Dispose();
        _copy?.Gradients.Dispose();
    }
}
