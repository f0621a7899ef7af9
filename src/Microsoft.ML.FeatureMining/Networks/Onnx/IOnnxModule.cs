using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Onnx;

/// <summary>
/// A module that can be exported to ONNX. Implement it in your own layers beside <c>forward</c>. A network is exported in evaluation mode. The layers of
/// TorchSharp that <see cref="OnnxGraphBuilder.Apply"/> lists need no implementation.
/// </summary>
/// <example>
/// The block relu(conv(x) + x):
/// <code>public OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input) => graph.Relu(graph.Add(graph.Apply(input, conv), input));</code>
/// </example>
public interface IOnnxModule
{
    /// <summary>Adds what <c>forward</c> computes in evaluation mode to a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="input">The input of <c>forward</c>.</param>
    /// <returns>The output of <c>forward</c>.</returns>
    OnnxValue Export(OnnxGraphBuilder graph, OnnxValue input);
}

/// <summary>A tensor of a graph that is being built: an input, an initializer, or the output of a node.</summary>
public sealed record OnnxValue
{
    internal OnnxValue(string name, IReadOnlyList<long>? shape = null) => (Name, Shape) = (name, shape);

    /// <summary>An optional input of a node that is omitted.</summary>
    public static OnnxValue Omitted { get; } = new("");

    /// <summary>The name in the graph.</summary>
    public string Name { get; }

    /// <summary>
    /// [-1,C,h,w], where -1 is the batch, for the images and for the output of each stage of a backbone, so that a head can read the size of its features;
    /// null for all other values.
    /// </summary>
    public IReadOnlyList<long>? Shape { get; internal init; }
}

/// <summary>The error for a module that cannot be exported.</summary>
internal static class OnnxError
{
    public static NotSupportedException CannotExport(nn.Module module, string what, string whatToDo) =>
        new($"{module.GetType()}{what} cannot be exported to ONNX. {whatToDo}");
}
