using System.Runtime.InteropServices;

namespace Microsoft.ML.FeatureMining.Networks.Onnx;

/// <summary>Rewrites a graph that is complete.</summary>
internal static class OnnxPasses
{
    private const string Conv = "Conv";
    private const string BatchNormalization = "BatchNormalization";

    // Smaller tensors, such as means and stds, would save nothing and lose precision.
    private const int LeastHalfBytes = 4096;

    /// <summary>
    /// Folds each BatchNormalization into the Conv before it if nothing else reads that Conv: w' = w * scale / sqrt(var + epsilon), b' = bias + (b - mean) *
    /// scale / sqrt(var + epsilon), computed in double precision.
    /// </summary>
    public static OnnxGraph FoldBatchNorm(OnnxGraph graph)
    {
        ILookup<string, OnnxNode> readers = graph
            .Nodes.SelectMany(node => node.Inputs.Select(input => (input, node)))
            .ToLookup(use => use.input, use => use.node);
        Dictionary<string, OnnxTensor> initializers = new(graph.Initializers, StringComparer.Ordinal);
        Dictionary<OnnxNode, OnnxNode?> replaced = new(ReferenceEqualityComparer.Instance);
        foreach (OnnxNode convolution in graph.Nodes.Where(node => node.Operation == Conv))
        {
            // The weights must not be those of another node.
            if (
                readers[convolution.Outputs[0]].ToArray() is [{ Operation: BatchNormalization } norm]
                && norm.Inputs[0] == convolution.Outputs[0]
                && convolution.Inputs.Skip(1).Concat(norm.Inputs.Skip(1)).All(name => readers[name].Count() == 1 && initializers.ContainsKey(name))
            )
            {
                replaced[convolution] = Fold(convolution, norm, initializers);
                replaced[norm] = null;
            }
        }

        return new OnnxGraph([.. graph.Nodes.Select(node => replaced.TryGetValue(node, out OnnxNode? other) ? other : node).OfType<OnnxNode>()], initializers);
    }

    /// <summary>
    /// Stores large matrices and kernels as float16, with a Cast to float where they are read. A runtime does the Cast once, when it loads the model.
    /// </summary>
    /// <exception cref="NotSupportedException">A weight is too large for float16.</exception>
    public static OnnxGraph StoreAsFloat16(OnnxGraph graph)
    {
        Dictionary<string, string> cast = new(StringComparer.Ordinal);
        Dictionary<string, OnnxTensor> initializers = new(StringComparer.Ordinal);
        foreach ((string name, OnnxTensor tensor) in graph.Initializers)
        {
            bool isMatrix = tensor is { Type: OnnxType.Float, Shape.Length: >= 2, Bytes.Length: >= LeastHalfBytes };
            initializers.Add(name, isMatrix ? new OnnxTensor(OnnxType.Float16, tensor.Shape, Halves(name, tensor.Bytes)) : tensor);
            if (isMatrix)
            {
                cast.Add(name, $"{name}.float");
            }
        }

        return new OnnxGraph(
            [
                .. cast.Select(entry => new OnnxNode("Cast", [entry.Key], [entry.Value]) { Attributes = [OnnxAttribute.Int("to", (long)OnnxType.Float)] }),
                .. graph.Nodes.Select(node => node with { Inputs = [.. node.Inputs.Select(input => cast.GetValueOrDefault(input, input))] }),
            ],
            initializers
        );
    }

    /// <summary>Gives values other names, e.g. those of the outputs.</summary>
    public static OnnxGraph Rename(OnnxGraph graph, params IReadOnlyList<(string From, string To)> names)
    {
        Dictionary<string, string> renamed = names.ToDictionary(name => name.From, name => name.To, StringComparer.Ordinal);
        return graph with { Nodes = [.. graph.Nodes.Select(node => node with { Inputs = Of(node.Inputs), Outputs = Of(node.Outputs) })] };

        IReadOnlyList<string> Of(IReadOnlyList<string> values) => [.. values.Select(value => renamed.GetValueOrDefault(value, value))];
    }

    private static OnnxNode Fold(OnnxNode convolution, OnnxNode norm, Dictionary<string, OnnxTensor> initializers)
    {
        string kernelName = convolution.Inputs[1];
        OnnxTensor kernel = initializers[kernelName];
        (string scaleName, string biasName, string meanName, string varName) = (norm.Inputs[1], norm.Inputs[2], norm.Inputs[3], norm.Inputs[4]);
        float[] weights = Floats(kernel),
            scale = Floats(initializers[scaleName]),
            bias = Floats(initializers[biasName]),
            mean = Floats(initializers[meanName]),
            variance = Floats(initializers[varName]),
            before = convolution.Inputs.Count > 2 ? Floats(initializers[convolution.Inputs[2]]) : new float[scale.Length];
        double epsilon = norm.Attributes.Select(attribute => attribute.Value).OfType<float>().Single();
        int perChannel = weights.Length / scale.Length;
        for (int channel = 0; channel < scale.Length; channel++)
        {
            double factor = scale[channel] / Math.Sqrt(variance[channel] + epsilon);
            bias[channel] = (float)(bias[channel] + ((before[channel] - mean[channel]) * factor));
            foreach (ref float weight in weights.AsSpan(channel * perChannel, perChannel))
            {
                weight = (float)(weight * factor);
            }
        }

        foreach (string name in (string[])[scaleName, meanName, varName, .. convolution.Inputs.Skip(2)])
        {
            initializers.Remove(name);
        }

        initializers[kernelName] = kernel with { Bytes = MemoryMarshal.AsBytes<float>(weights).ToArray() };
        initializers[biasName] = initializers[biasName] with { Bytes = MemoryMarshal.AsBytes<float>(bias).ToArray() };
        return convolution with { Inputs = [convolution.Inputs[0], kernelName, biasName], Outputs = norm.Outputs };
    }

    private static float[] Floats(OnnxTensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray();

    private static byte[] Halves(string name, byte[] floats)
    {
        Half[] halves = [.. MemoryMarshal.Cast<byte, float>(floats).ToArray().Select(value => (Half)value)];
        return Array.Exists(halves, Half.IsInfinity)
            ? throw new NotSupportedException($"The weight '{name}' has a value that is too large for float16 (65504). Export without Float16Weights.")
            : MemoryMarshal.AsBytes<Half>(halves).ToArray();
    }
}
