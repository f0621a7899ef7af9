using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>The gradients of parameters.</summary>
internal static class Gradients
{
    // TorchSharp 0.100 made a property of what was a method.
    private static readonly Func<Tensor, Tensor?> Read =
        (typeof(Tensor).GetProperty("grad")?.GetMethod ?? typeof(Tensor).GetMethod("grad", Type.EmptyTypes)!).CreateDelegate<Func<Tensor, Tensor?>>();

    /// <summary>The gradient itself; the caller disposes of the wrapper.</summary>
    public static Tensor Of(Tensor parameter) => Read(parameter) ?? throw new InvalidOperationException("The parameter has no gradient.");
}
