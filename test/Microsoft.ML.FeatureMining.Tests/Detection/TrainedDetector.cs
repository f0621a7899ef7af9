using Microsoft.ML.FeatureMining.Detection.Networks;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>A detector that has learned the rectangles, for all tests that need one.</summary>
public sealed class TrainedDetector : IDisposable
{
    public TrainedDetector()
    {
        Images = new Rectangles();
        Context = new MLContext(1);
        Rows = Images.View(Context);
        Model = Context
            .ObjectDetection()
            .Trainers.RetinaNet(
                new RetinaNetOptions
                {
                    ImageColumnName = "ImagePath",
                    ImageSize = Rectangles.Width,
                    Network = new RetinaNetSettings { Channels = 64, HeadLayers = 1 },
                    Epochs = 40,
                    LearningRate = 1e-3,
                    MinScale = 0.9,
                    MaxScale = 1.1,
                    Seed = 1,
                }
            )
            .Fit(Rows);
    }

    public Rectangles Images { get; }

    public MLContext Context { get; }

    /// <summary>Rows with the columns ImagePath, Label and BoundingBoxes.</summary>
    public IDataView Rows { get; }

    public RetinaNetTransformer Model { get; }

    public void Dispose()
    {
        Model.Dispose();
        Images.Dispose();
    }
}

[CollectionDefinition(Name)]
public sealed class TrainedDetectorCollection : ICollectionFixture<SingleThreadFixture>, ICollectionFixture<TrainedDetector>
{
    public const string Name = "trained detector";
}
