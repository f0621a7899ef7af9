using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Networks.Weights;

namespace Fuzz.Targets;

/// <summary>The reader of ONNX models that weights come from.</summary>
internal sealed class OnnxTarget : FuzzTarget
{
    public override string Name => "onnx";

    public override IEnumerable<byte[]> Seeds()
    {
        ProtoMessage weights = new ProtoMessage()
            .Add(OnnxProto.Tensor.Dims, 2)
            .Add(OnnxProto.Tensor.DataType, (long)OnnxType.Float)
            .Add(OnnxProto.Tensor.Name, "w")
            .Add(OnnxProto.Tensor.RawData, new byte[2 * sizeof(float)]);
        ProtoMessage convolution = new ProtoMessage()
            .Add(OnnxProto.Node.Input, "x")
            .Add(OnnxProto.Node.Input, "w")
            .Add(OnnxProto.Node.Output, "y")
            .Add(OnnxProto.Node.OpType, "Conv");
        ProtoMessage graph = new ProtoMessage().Add(OnnxProto.Graph.Node, convolution).Add(OnnxProto.Graph.Initializer, weights);
        MemoryStream model = new();
        new ProtoMessage().Add(OnnxProto.Model.Graph, graph).WriteTo(model);
        return [model.ToArray()];
    }

    protected override void Read(byte[] input)
    {
        foreach (NamedTensor tensor in DnnImageFeaturizer.Original(OnnxGraph.Read(input)))
        {
            GC.KeepAlive(tensor);
        }
    }
}
