using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>Runs an ONNX model with ONNX Runtime on one thread.</summary>
internal sealed class OnnxRun : IDisposable
{
    private readonly InferenceSession _session;

    private OnnxRun(Func<SessionOptions, InferenceSession> open)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        _session = open(options);
    }

    public IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    public string Producer => _session.ModelMetadata.ProducerName;

    public IReadOnlyDictionary<string, NodeMetadata> Inputs => _session.InputMetadata;

    public IReadOnlyDictionary<string, NodeMetadata> Outputs => _session.OutputMetadata;

    public static OnnxRun Of(string path) => new(options => new InferenceSession(path, options));

    public static OnnxRun Of(byte[] model) => new(options => new InferenceSession(model, options));

    /// <summary>Exports trained networks and opens the file.</summary>
    public static OnnxRun Of(OnnxExportOptions options, params (SavedModel Model, double Share)[] networks)
    {
        using TemporaryFolder folder = new();
        string path = folder["model.onnx"];
        new OnnxExporter(networks, networks[0].Model.Manifest.ClassNames!, options).Write(path);
        return Of(path);
    }

    /// <summary>A graph with the input Image and the output Score, [N,E].</summary>
    public static OnnxRun OfGraph(Func<OnnxGraphBuilder, OnnxValue> build, OnnxType input, params OnnxDimension[] shape)
    {
        OnnxGraphBuilder graph = new();
        OnnxValue output = graph.Flatten(build(graph));
        OnnxModel model = new(
            OnnxPasses.Rename(OnnxPasses.FoldBatchNorm(graph.Build()), (output.Name, "Score")),
            new OnnxValueInfo("Image", input, shape),
            [new OnnxValueInfo("Score", OnnxType.Float, "N", "E")],
            "1.0",
            new Dictionary<string, string>()
        );
        using MemoryStream file = new();
        model.WriteTo(file);
        return Of(file.ToArray());
    }

    /// <summary>The output Score for a batch of images.</summary>
    public float[] Score<T>(T[] images, params long[] shape)
        where T : unmanaged => Run("Score", images, shape, output => output.GetTensorDataAsSpan<float>().ToArray());

    /// <summary>The output PredictedLabel of a multi-class model.</summary>
    public string[] Labels<T>(T[] images, params long[] shape)
        where T : unmanaged => Run("PredictedLabel", images, shape, output => output.GetStringTensorAsArray());

    /// <summary>The output PredictedLabel of a multi-label model.</summary>
    public float[] Sets<T>(T[] images, params long[] shape)
        where T : unmanaged => Run("PredictedLabel", images, shape, output => output.GetTensorDataAsSpan<float>().ToArray());

    public void Dispose() => _session.Dispose();

    private TResult Run<T, TResult>(string name, T[] images, long[] shape, Func<OrtValue, TResult> read)
        where T : unmanaged
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(images, shape);
        using RunOptions options = new();
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, ["Image"], [input], [name]);
        return read(outputs[0]);
    }
}
