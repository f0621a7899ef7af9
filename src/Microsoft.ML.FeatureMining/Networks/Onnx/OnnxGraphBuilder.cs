using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Networks.Onnx;

/// <summary>
/// Builds an ONNX graph from modules. <see cref="Apply"/> adds modules, <see cref="Node"/> adds any operator of the ONNX specification, and the methods with
/// the name of an operator add that operator.
/// </summary>
public sealed class OnnxGraphBuilder
{
    /// <summary>The version of the operator set of the graphs (opset).</summary>
    public const int OpsetVersion = 18;

    private readonly List<OnnxNode> _nodes = [];
    private readonly Dictionary<string, OnnxTensor> _initializers = new(StringComparer.Ordinal);
    private readonly Dictionary<nint, string> _names = [];
    private nn.Module? _network;

    internal OnnxGraphBuilder() { }

    /// <summary>Adds modules, each with the output of the one before it as its input.</summary>
    /// <remarks>
    /// Each module must implement <see cref="IOnnxModule"/> or be one of TorchSharp's Sequential, Conv2d, Linear (for inputs of rank 2), BatchNorm1d,
    /// BatchNorm2d, ReLU, SiLU, Sigmoid, MaxPool2d, AvgPool2d, Dropout, Flatten (from dimension 1) and Identity.
    /// </remarks>
    /// <exception cref="NotSupportedException">A module cannot be exported; the message names it and says what to implement.</exception>
    public OnnxValue Apply(OnnxValue input, params IEnumerable<nn.Module> modules)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(modules);
        return modules.Aggregate(
            input,
            (value, module) =>
                module is IOnnxModule own
                    ? own.Export(this, value)
                    : OnnxLayers.Export(this, module, value)
                        ?? throw OnnxError.CannotExport(
                            module,
                            PathOf(module),
                            $"Implement {nameof(IOnnxModule)} in it, whose method {nameof(IOnnxModule.Export)} adds to the graph what forward computes."
                        )
        );
    }

    /// <summary>Adds a node with one output.</summary>
    /// <param name="opType">The operator, e.g. <c>Relu</c>.</param>
    /// <param name="inputs">Its inputs, in the order of the specification; <see cref="OnnxValue.Omitted"/> for an optional input.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <returns>Its output.</returns>
    public OnnxValue Node(string opType, IEnumerable<OnnxValue> inputs, params IEnumerable<OnnxAttribute> attributes)
    {
        ArgumentException.ThrowIfNullOrEmpty(opType);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(attributes);
        // Before the name of this node is chosen: an enumerable may add nodes of its own.
        string[] names = [.. inputs.Select(input => input.Name)];
        OnnxAttribute[] values = [.. attributes];
        string output = Unique(opType);
        _nodes.Add(new OnnxNode(opType, names, [output]) { Attributes = values });
        return new OnnxValue(output);
    }

    /// <summary>Adds a constant tensor: Int64, or floating point converted to float. A parameter or buffer of the network keeps its PyTorch name.</summary>
    /// <exception cref="NotSupportedException">The tensor has another integer type than Int64.</exception>
    public OnnxValue Initializer(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        bool isNamed = _names.TryGetValue(tensor.Handle, out string? name);
        if (isNamed && _initializers.ContainsKey(name!))
        {
            return new OnnxValue(name!);
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        OnnxType type =
            tensor.dtype == ScalarType.Int64 ? OnnxType.Int64
            : tensor.is_floating_point() ? OnnxType.Float
            : throw new NotSupportedException($"A tensor of {tensor.dtype} cannot be exported to ONNX; convert it to Float32 or Int64.");
        // Kernels may be channels_last.
        Tensor values = (type == OnnxType.Float ? tensor.detach().to(ScalarType.Float32) : tensor).cpu().contiguous();
        return Initializer(name ?? Unique("weight"), new OnnxTensor(type, tensor.shape, values.bytes.ToArray()));
    }

    /// <summary>Adds a float.</summary>
    public OnnxValue Constant(float value) => Constant("float", OnnxType.Float, [], [value]);

    /// <summary>Adds a vector of integers.</summary>
    public OnnxValue Integers(params long[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Constant("int64", OnnxType.Int64, [values.Length], values);
    }

    /// <summary>max(x, 0).</summary>
    public OnnxValue Relu(OnnxValue x) => Node("Relu", [Required(x)]);

    /// <summary>1 / (1 + exp(-x)).</summary>
    public OnnxValue Sigmoid(OnnxValue x) => Node("Sigmoid", [Required(x)]);

    /// <summary>a + b, with broadcasting.</summary>
    public OnnxValue Add(OnnxValue a, OnnxValue b) => Node("Add", [Required(a), Required(b)]);

    /// <summary>a - b, with broadcasting.</summary>
    public OnnxValue Sub(OnnxValue a, OnnxValue b) => Node("Sub", [Required(a), Required(b)]);

    /// <summary>a * b, with broadcasting.</summary>
    public OnnxValue Mul(OnnxValue a, OnnxValue b) => Node("Mul", [Required(a), Required(b)]);

    /// <summary>The mean of values of the same shape, element by element.</summary>
    public OnnxValue Mean(params IReadOnlyList<OnnxValue> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values is [var only] ? only : Node("Mean", values);
    }

    /// <summary>Concatenates values along an axis.</summary>
    public OnnxValue Concat(long axis, params IReadOnlyList<OnnxValue> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return values is [var only] ? only : Node("Concat", values, OnnxAttribute.Int("axis", axis));
    }

    /// <summary>The elements start, start + step, ... before end along an axis. Negative positions count from the end.</summary>
    public OnnxValue Slice(OnnxValue x, long axis, long start, long end, long step = 1) =>
        Slice(Required(x), axis, Integers(start), Integers(end), Integers(step));

    /// <summary>The mean of each channel, [N,C,1,1].</summary>
    public OnnxValue GlobalAveragePool(OnnxValue x) => Node("GlobalAveragePool", [Required(x)]);

    /// <summary>From [N,...] to [N,E].</summary>
    public OnnxValue Flatten(OnnxValue x) => Node("Flatten", [Required(x)], OnnxAttribute.Int("axis", 1));

    private static OnnxValue Required(OnnxValue value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(value, name);
        return value;
    }

    internal OnnxValue Slice(OnnxValue x, long axis, OnnxValue start, OnnxValue end, OnnxValue? step = null) =>
        Node("Slice", [x, start, end, Integers(axis), step ?? Integers(1)]);

    internal OnnxValue Cast(OnnxValue x, OnnxType to) => Node("Cast", [x], OnnxAttribute.Int("to", (long)to));

    internal OnnxValue Initializer(string name, OnnxTensor tensor)
    {
        _initializers.Add(name, tensor);
        return new OnnxValue(name);
    }

    internal OnnxValue Floats(string name, ReadOnlySpan<float> values, params long[] shape) =>
        Initializer(Unique(name), new OnnxTensor(OnnxType.Float, shape, MemoryMarshal.AsBytes(values).ToArray()));

    internal OnnxValue Integers32(params int[] values) => Constant("int32", OnnxType.Int32, [values.Length], values);

    /// <summary>Begins the export of a network. Its parameters and buffers become initializers with their PyTorch names after a prefix.</summary>
    internal void Begin(ImageNetwork network, string prefix)
    {
        _network = network;
        _names.Clear();
        foreach ((string name, Tensor value) in network.NamedState())
        {
            _names.Add(value.Handle, prefix + name);
        }
    }

    internal OnnxGraph Build() => new(_nodes, _initializers);

    private OnnxValue Constant<T>(string kind, OnnxType type, long[] shape, T[] values)
        where T : unmanaged, IFormattable
    {
        string name = $"{kind}_{string.Join('_', values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}";
        return _initializers.ContainsKey(name)
            ? new OnnxValue(name)
            : Initializer(name, new OnnxTensor(type, shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()));
    }

    private string Unique(string stem) => string.Create(CultureInfo.InvariantCulture, $"{stem}_{_nodes.Count + _initializers.Count}");

    // Where the module is in the network, for errors.
    private string PathOf(nn.Module module) =>
        _network?.named_modules().FirstOrDefault(entry => ReferenceEquals(entry.module, module)).name is { } path ? $" ('{path}')" : "";
}
