using System.Diagnostics;
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

    public OnnxStep(string backbone, int side, int batch, int threads)
        : base("ONNX Runtime")
    {
        _probabilities = new float[batch * Noise.Classes];
        ImageSet set = Noise.Images(batch, side);
        (int channels, int height, int width) = set.Shape;
        string path = Path.GetTempFileName();
        string[] classes = [.. Enumerable.Range(0, Noise.Classes).Select(i => $"class {i}")];
        new OnnxExporter([(ScoringStep.Model(backbone, set.Shape), 1)], classes, new OnnxExportOptions()).Write(path);
        using SessionOptions options = new() { IntraOpNumThreads = threads };
        _session = new InferenceSession(path, options);
        File.Delete(path);
        byte[] pixels = new byte[batch * set.Shape.Length];
        for (int i = 0; i < batch; i++)
        {
            PlanarLayout.Join(set[i], channels, pixels.AsSpan(i * set.Shape.Length, set.Shape.Length));
        }

        _images = OrtValue.CreateTensorValueFromMemory(pixels, [batch, height, width, channels]);
    }

    public override void Dispose()
    {
        _images.Dispose();
        _session.Dispose();
    }

    protected override double[] Run(int steps) =>
        [
            .. Enumerable
                .Range(0, steps)
                .Select(_ =>
                {
                    long began = Stopwatch.GetTimestamp();
                    using RunOptions options = new();
                    using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(options, [OnnxMetadata.Image], [_images], [OnnxMetadata.Score]);
                    outputs[0].GetTensorDataAsSpan<float>().CopyTo(_probabilities);
                    return Stopwatch.GetElapsedTime(began).TotalSeconds;
                }),
        ];
}
