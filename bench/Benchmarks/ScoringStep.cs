using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>Batches with the scorer of the transformer: upload, normalization, network, softmax, and copying the probabilities to managed memory.</summary>
internal sealed class ScoringStep : Contestant
{
    private readonly ImageScorer _scorer;
    private readonly byte[] _pixels;
    private readonly float[] _probabilities;
    private readonly int _batch;

    public ScoringStep(string name, string backbone, int side, int batch, Device device)
        : base(name)
    {
        _batch = batch;
        ImageSet set = Noise.Images(batch, side);
        _pixels = [.. Enumerable.Range(0, batch).SelectMany(i => set[i].ToArray())];
        _probabilities = new float[batch * Noise.Classes];
        _scorer = new ImageScorer(Model(backbone, set.Shape), device);
    }

    /// <summary>A network with random weights.</summary>
    public static SavedModel Model(string backbone, ImageShape shape)
    {
        using ImageNetwork network = NetworkFactory.Create(backbone, shape.Channels, Noise.Classes);
        WeightInitializer.Initialize(network, new RandomStream(1, "weights"));
        ModelManifest manifest = new()
        {
            Backbone = backbone,
            ClassCount = Noise.Classes,
            Preprocessing = new ImagePreprocessing { Shape = shape },
            Mean = [127, 127, 127],
            Std = [64, 64, 64],
        };
        return new SavedModel(manifest, NamedTensors.Of(network));
    }

    public override void Dispose() => _scorer.Dispose();

    protected override double[] Run(int steps) => TimeEach(steps, () => _scorer.Score(_pixels, _batch, _probabilities));
}
