using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Options of a detector that trains in a second: what it finds does not matter.</summary>
internal static class TinyDetector
{
    public static RetinaNetOptions Options { get; } =
        new()
        {
            ImageColumnName = "ImagePath",
            Backbone = "resnext-14-1x4d",
            InitialWeights = null,
            FineTuning = new FineTuning(),
            ImageSize = 64,
            Network = new RetinaNetSettings { Channels = 8, HeadLayers = 1 },
            Epochs = 2,
            BatchSize = 4,
            WarmupEpochs = 0,
            LearningRate = 1e-3,
            Seed = 1,
        };

    public static RetinaNetTransformer Fit(IDataView rows, Func<RetinaNetOptions, RetinaNetOptions>? change = null, MLContext? ml = null) =>
        (ml ?? new MLContext(1)).ObjectDetection().Trainers.RetinaNet((change ?? (options => options))(Options)).Fit(rows);
}
