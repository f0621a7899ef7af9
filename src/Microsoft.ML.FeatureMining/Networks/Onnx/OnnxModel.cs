using System.Globalization;
using System.Security.Cryptography;

namespace Microsoft.ML.FeatureMining.Networks.Onnx;

/// <summary>A complete ONNX model, and how it is written.</summary>
/// <param name="Graph">The graph.</param>
/// <param name="Input">Its input.</param>
/// <param name="Outputs">Its outputs.</param>
/// <param name="ProducerVersion">The version of this library.</param>
/// <param name="Metadata">The metadata_props.</param>
internal sealed record OnnxModel(
    OnnxGraph Graph,
    OnnxValueInfo Input,
    IReadOnlyList<OnnxValueInfo> Outputs,
    string ProducerVersion,
    IReadOnlyDictionary<string, string> Metadata
)
{
    private const string ProducerName = "MlNetFm";

    // The version of the format that came with opset 18.
    private const int IrVersion = 8;
    private const int External = 1;

    // External data is aligned to pages, so that a runtime can map it into memory.
    private const int Page = 4096;

    // Smaller tensors stay in the model: some are arguments of operators, which a runtime needs to infer shapes.
    private const int LeastExternalBytes = 1024;

    /// <summary>The number of bytes of all initializers. A model of 2 GiB or more must have them in another file.</summary>
    public long InitializerBytes => Graph.Initializers.Values.Sum(tensor => (long)tensor.Bytes.Length);

    /// <summary>A hash of the second file's content, in hexadecimal: of the values and their places.</summary>
    public string DataHash()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (OnnxTensor tensor in Graph.Initializers.Values.Where(IsLarge))
        {
            hash.AppendData(BitConverter.GetBytes(tensor.Bytes.Length));
            hash.AppendData(tensor.Bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes the model, with all initializers.</summary>
    public void WriteTo(Stream stream) => Message(tensor => null, null).WriteTo(stream);

    /// <summary>Writes the model with large initializers in another stream.</summary>
    /// <param name="stream">Receives the model.</param>
    /// <param name="data">Receives the values of the initializers.</param>
    /// <param name="location">The name of the file of <paramref name="data"/>, which must be in the folder of the model.</param>
    public void WriteTo(Stream stream, Stream data, string location)
    {
        long end = 0;
        Message(
                tensor =>
                {
                    if (!IsLarge(tensor))
                    {
                        return null;
                    }

                    long offset = (end + Page - 1) / Page * Page;
                    data.Write(new byte[offset - end]);
                    data.Write(tensor.Bytes);
                    end = offset + tensor.Bytes.Length;
                    return offset;
                },
                location
            )
            .WriteTo(stream);
    }

    private static bool IsLarge(OnnxTensor tensor) => tensor.Bytes.Length >= LeastExternalBytes;

    private ProtoMessage Message(Func<OnnxTensor, long?> place, string? location) =>
        new ProtoMessage()
            .Add(OnnxProto.Model.IrVersion, IrVersion)
            .Add(OnnxProto.Model.ProducerName, ProducerName)
            .Add(OnnxProto.Model.ProducerVersion, ProducerVersion)
            .Add(
                OnnxProto.Model.Graph,
                new ProtoMessage()
                    .Add(OnnxProto.Graph.Node, Graph.Nodes.Select(Node))
                    .Add(OnnxProto.Graph.Name, ProducerName)
                    .Add(OnnxProto.Graph.Initializer, Graph.Initializers.Select(entry => Tensor(entry.Key, entry.Value, place(entry.Value), location)))
                    .Add(OnnxProto.Graph.Input, Value(Input))
                    .Add(OnnxProto.Graph.Output, Outputs.Select(Value))
            )
            .Add(
                OnnxProto.Model.OpsetImport,
                new ProtoMessage().Add(OnnxProto.OperatorSetId.Domain, "").Add(OnnxProto.OperatorSetId.Version, OnnxGraphBuilder.OpsetVersion)
            )
            .Add(OnnxProto.Model.MetadataProps, Metadata.Select(entry => Entry(entry.Key, entry.Value)));

    private static ProtoMessage Node(OnnxNode node)
    {
        ProtoMessage message = new();
        foreach (string input in node.Inputs)
        {
            message.Add(OnnxProto.Node.Input, input);
        }

        foreach (string output in node.Outputs)
        {
            message.Add(OnnxProto.Node.Output, output);
        }

        // A node has the name of its output, which is unique.
        return message
            .Add(OnnxProto.Node.Name, node.Outputs[0])
            .Add(OnnxProto.Node.OpType, node.Operation)
            .Add(OnnxProto.Node.Attribute, node.Attributes.Select(Attribute));
    }

    private static ProtoMessage Attribute(OnnxAttribute attribute)
    {
        // The numbers of AttributeProto.AttributeType.
        const int Float = 1,
            Int = 2,
            String = 3,
            Ints = 7;
        ProtoMessage message = new ProtoMessage().Add(OnnxProto.Attribute.Name, attribute.Name);
        return attribute.Value switch
        {
            float value => message.Add(OnnxProto.Attribute.F, value).Add(OnnxProto.Attribute.Type, Float),
            long value => message.Add(OnnxProto.Attribute.I, value).Add(OnnxProto.Attribute.Type, Int),
            string value => message.Add(OnnxProto.Attribute.S, value).Add(OnnxProto.Attribute.Type, String),
            var values => ((long[])values).Aggregate(message, (list, value) => list.Add(OnnxProto.Attribute.Ints, value)).Add(OnnxProto.Attribute.Type, Ints),
        };
    }

    private static ProtoMessage Tensor(string name, OnnxTensor tensor, long? offset, string? location)
    {
        ProtoMessage message = new();
        foreach (long length in tensor.Shape)
        {
            message.Add(OnnxProto.Tensor.Dims, length);
        }

        message.Add(OnnxProto.Tensor.DataType, (long)tensor.Type).Add(OnnxProto.Tensor.Name, name);
        if (tensor.Type == OnnxType.String)
        {
            return tensor.Strings.Aggregate(message, (list, text) => list.Add(OnnxProto.Tensor.StringData, text));
        }

        return offset is { } place
            ? message
                .Add(OnnxProto.Tensor.ExternalData, Entry("location", location!))
                .Add(OnnxProto.Tensor.ExternalData, Entry("offset", place.ToString(CultureInfo.InvariantCulture)))
                .Add(OnnxProto.Tensor.ExternalData, Entry("length", tensor.Bytes.Length.ToString(CultureInfo.InvariantCulture)))
                .Add(OnnxProto.Tensor.DataLocation, External)
            : message.Add(OnnxProto.Tensor.RawData, tensor.Bytes);
    }

    private static ProtoMessage Value(OnnxValueInfo value) =>
        new ProtoMessage()
            .Add(OnnxProto.ValueInfo.Name, value.Name)
            .Add(
                OnnxProto.ValueInfo.Type,
                new ProtoMessage().Add(
                    OnnxProto.Type.TensorType,
                    new ProtoMessage()
                        .Add(OnnxProto.TensorType.ElemType, (long)value.Type)
                        .Add(
                            OnnxProto.TensorType.Shape,
                            new ProtoMessage().Add(
                                OnnxProto.TensorShape.Dim,
                                value.Shape.Select(dimension =>
                                    dimension.Symbol is { } symbol
                                        ? new ProtoMessage().Add(OnnxProto.Dimension.DimParam, symbol)
                                        : new ProtoMessage().Add(OnnxProto.Dimension.DimValue, dimension.Length)
                                )
                            )
                        )
                )
            );

    private static ProtoMessage Entry(string key, string value) =>
        new ProtoMessage().Add(OnnxProto.StringStringEntry.Key, key).Add(OnnxProto.StringStringEntry.Value, value);
}

/// <summary>An input or an output of a model.</summary>
internal sealed record OnnxValueInfo(string Name, OnnxType Type, params OnnxDimension[] Shape);

/// <summary>A dimension of an input or an output: a length, or the name of a dynamic one.</summary>
internal readonly record struct OnnxDimension(long Length, string? Symbol)
{
    public static implicit operator OnnxDimension(long length) => new(length, null);

    public static implicit operator OnnxDimension(string symbol) => new(0, symbol);
}
