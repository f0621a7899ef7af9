using Google.Protobuf;

namespace Microsoft.ML.FeatureMining.Networks.Weights;

/// <summary>The nodes and initializers of an ONNX model, as far as they are needed to find weights: floats, and the names of inputs and outputs.</summary>
/// <param name="Nodes">The operators in topological order.</param>
/// <param name="Initializers">The constant float tensors.</param>
internal sealed record OnnxGraph(IReadOnlyList<OnnxNode> Nodes, IReadOnlyDictionary<string, OnnxTensor> Initializers)
{
    // The numbers of the fields in onnx.proto.
    private const int ModelGraph = 7;
    private const int GraphNode = 1;
    private const int GraphInitializer = 5;
    private const int NodeInput = 1;
    private const int NodeOutput = 2;
    private const int NodeOperator = 4;
    private const int TensorDims = 1;
    private const int TensorType = 2;
    private const int TensorFloats = 4;
    private const int TensorName = 8;
    private const int TensorRaw = 9;
    private const int Float = 1;

    /// <exception cref="InvalidDataException">The bytes are not an ONNX model; the message has the cause.</exception>
    public static OnnxGraph Read(byte[] model)
    {
        try
        {
            ByteString? graph = null;
            foreach ((int field, ByteString bytes) in Fields(model))
            {
                graph = field == ModelGraph ? bytes : graph;
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
            if (field == GraphNode)
            {
                nodes.Add(Node(bytes));
            }
            else if (field == GraphInitializer && Tensor(bytes) is ({ } name, { } tensor))
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
                case NodeInput:
                    inputs.Add(bytes.ToStringUtf8());
                    break;
                case NodeOutput:
                    outputs.Add(bytes.ToStringUtf8());
                    break;
                case NodeOperator:
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
                case TensorDims when packed:
                    CodedInputStream dims = input.ReadBytes().CreateCodedInput();
                    while (!dims.IsAtEnd)
                    {
                        shape.Add(dims.ReadInt64());
                    }

                    break;
                case TensorDims:
                    shape.Add(input.ReadInt64());
                    break;
                case TensorType:
                    type = input.ReadInt32();
                    break;
                case TensorName:
                    name = input.ReadString();
                    break;
                case TensorFloats or TensorRaw when packed:
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
        return type != Float ? null
            : expected == values.Length ? (name, new OnnxTensor([.. shape], values))
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
internal sealed record OnnxNode(string Operation, IReadOnlyList<string> Inputs, IReadOnlyList<string> Outputs);

/// <summary>A constant float tensor of an ONNX graph: row-major, little-endian.</summary>
internal sealed record OnnxTensor(long[] Shape, byte[] Bytes);
