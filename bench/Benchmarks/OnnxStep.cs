using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.OnnxRuntime;

namespace Benchmarks;

/// <summary>Batches with ONNX Runtime and the exported model: from bytes of the network's size to probabilities in managed memory.</summary>
internal sealed class OnnxStep : Contestant
{
    private readonly InferenceSession _session;
    private readonly OrtValue _images;
    private readonly float[] _probabilities;

    public const string DefaultName = "ONNX Runtime";

    /// <param name="model">The exported model.</param>
    /// <param name="side">The image size in pixels.</param>
    /// <param name="batch">The batch size.</param>
    /// <param name="threads">Threads within an operation.</param>
    public OnnxStep(string model, int side, int batch, int threads)
        : base(DefaultName)
    {
        _probabilities = new float[batch * Noise.Classes];
        ImageSet set = Noise.Images(batch, side);
        (int channels, int height, int width) = set.Shape;
        using SessionOptions options = new() { IntraOpNumThreads = threads };
        _session = new InferenceSession(model, options);
        byte[] pixels = new byte[batch * set.Shape.Length];
        for (int i = 0; i < batch; i++)
        {
            PlanarLayout.Join(set[i], channels, pixels.AsSpan(i * set.Shape.Length, set.Shape.Length));
        }

        _images = OrtValue.CreateTensorValueFromMemory(pixels, [batch, height, width, channels]);
    }

    /// <summary>Exports a network with random weights, and loads it.</summary>
    public static OnnxStep Of(string backbone, int side, int batch, int threads)
    {
        string path = Path.GetTempFileName();
        try
        {
            Export(backbone, side, path);
            return new OnnxStep(path, side, batch, threads);
        }
        finally
        {
            File.Delete(path);
        }
    }

    public static void Export(string backbone, int side, string path)
    {
        string[] classes = [.. Enumerable.Range(0, Noise.Classes).Select(i => $"class {i}")];
        new OnnxExporter([(ScoringStep.Model(backbone, new ImageShape(3, side, side)), 1)], classes, new OnnxExportOptions()).Write(path);
    }

    public override void Dispose()
    {
        _images.Dispose();
        _session.Dispose();
    }

    protected override double[] Run(int steps) =>
        TimeEach(
            steps,
            () =>
            {
                using RunOptions options = new();
                using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, [OnnxMetadata.Image], [_images], [OnnxMetadata.Score]);
                outputs[0].GetTensorDataAsSpan<float>().CopyTo(_probabilities);
            }
        );
}
