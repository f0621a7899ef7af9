using Google.Protobuf;

namespace Microsoft.ML.FeatureMining.Networks.Onnx;

/// <summary>The nodes and initializers of an ONNX model. Reading takes what is needed to find weights: floats, and the names of inputs and outputs.</summary>
/// <param name="Nodes">The operators in topological order.</param>
/// <param name="Initializers">The constant tensors, by name.</param>
internal sealed record OnnxGraph(IReadOnlyList<OnnxNode> Nodes, IReadOnlyDictionary<string, OnnxTensor> Initializers)
{
    /// <exception cref="InvalidDataException">The bytes are not an ONNX model; the message has the cause.</exception>
    public static OnnxGraph Read(byte[] model)
    {
        try
        {
            ByteString? graph = null;
            foreach ((int field, ByteString bytes) in Fields(model))
            {
                graph = field == OnnxProto.Model.Graph ? bytes : graph;
            }

            return Graph(graph ?? throw new InvalidDataException("The ONNX model has no graph."));
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or OverflowException)
        {
            throw new InvalidDataException($"The ONNX model is damaged: {e.Message}", e);
        }
    }

    private static OnnxGraph Graph(ByteString graph)
    {
        List<OnnxNode> nodes = [];
        Dictionary<string, OnnxTensor> initializers = new(StringComparer.Ordinal);
        foreach ((int field, ByteString bytes) in Fields(graph.ToByteArray()))
        {
            if (field == OnnxProto.Graph.Node)
            {
                nodes.Add(Node(bytes));
            }
            else if (field == OnnxProto.Graph.Initializer && Tensor(bytes) is ({ } name, { } tensor))
            {
                initializers[name] = tensor;
            }
        }

        return new OnnxGraph(nodes, initializers);
    }

    private static OnnxNode Node(ByteString node)
    {
        List<string> inputs = [],
            outputs = [];
        string operation = "";
        foreach ((int field, ByteString bytes) in Fields(node.ToByteArray()))
        {
            switch (field)
            {
                case OnnxProto.Node.Input:
                    inputs.Add(bytes.ToStringUtf8());
                    break;
                case OnnxProto.Node.Output:
                    outputs.Add(bytes.ToStringUtf8());
                    break;
                case OnnxProto.Node.OpType:
                    operation = bytes.ToStringUtf8();
                    break;
            }
        }

        return new OnnxNode(operation, inputs, outputs);
    }

    // null if its elements are not floats.
    private static (string Name, OnnxTensor Tensor)? Tensor(ByteString tensor)
    {
        CodedInputStream input = tensor.CreateCodedInput();
        List<long> shape = [];
        string name = "";
        long type = 0;
        byte[] values = [];
        while (input.ReadTag() is var tag && tag != 0)
        {
            bool packed = WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited;
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case OnnxProto.Tensor.Dims when packed:
                    CodedInputStream dims = input.ReadBytes().CreateCodedInput();
                    while (!dims.IsAtEnd)
                    {
                        shape.Add(dims.ReadInt64());
                    }

                    break;
                case OnnxProto.Tensor.Dims:
                    shape.Add(input.ReadInt64());
                    break;
                case OnnxProto.Tensor.DataType:
                    type = input.ReadInt32();
                    break;
                case OnnxProto.Tensor.Name:
                    name = input.ReadString();
                    break;
                case OnnxProto.Tensor.FloatData or OnnxProto.Tensor.RawData when packed:
                    values = input.ReadBytes().ToByteArray();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        long expected = shape.Aggregate(
            (long)sizeof(float),
            (product, length) => length >= 0 ? checked(product * length) : throw new InvalidDataException($"The tensor '{name}' has a negative dimension.")
        );
        return type != (long)OnnxType.Float ? null
            : expected == values.Length ? (name, new OnnxTensor(OnnxType.Float, [.. shape], values))
            : throw new InvalidDataException($"The tensor '{name}' of the ONNX model has {values.Length} bytes; its shape needs {expected}.");
    }

    // The fields that have bytes; numbers are skipped.
    private static IEnumerable<(int Field, ByteString Bytes)> Fields(byte[] message)
    {
        CodedInputStream input = new(message);
        while (input.ReadTag() is var tag && tag != 0)
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                yield return (WireFormat.GetTagFieldNumber(tag), input.ReadBytes());
            }
            else
            {
                input.SkipLastField();
            }
        }
    }
}

/// <summary>An operator of an ONNX graph.</summary>
internal sealed record OnnxNode(string Operation, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs)
{
    public IReadOnlyList<OnnxAttribute> Attributes { get; init; } = [];
}

/// <summary>A constant tensor of an ONNX graph: row-major, little-endian.</summary>
internal sealed record OnnxTensor(OnnxType Type, long[] Shape, byte[] Bytes)
{
    /// <summary>The elements of a tensor of strings, which has no bytes.</summary>
    public IReadOnlyList<string> Strings { get; init; } = [];
}
