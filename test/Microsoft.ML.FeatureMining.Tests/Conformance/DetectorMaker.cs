using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Tests.Detection;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Microsoft.ML.FeatureMining.Training.Optimizers;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Creates the trainer of detectors. Each image has one object, which covers most of it.</summary>
internal sealed class DetectorMaker : TrainerMaker
{
    public override IEstimator<ITransformer> Make(TrainedModel trained, MLContext ml, Func<ImageTrainerOptions, ImageTrainerOptions>? change = null) =>
        ml.ObjectDetection().Trainers.RetinaNet((RetinaNetOptions)(change ?? (options => options))(Small));

    public override IDataView Rows(TrainedModel trained)
    {
        IEnumerable<ImageFileRow> images = trained.Context.Data.CreateEnumerable<ImageFileRow>(trained.Rows, reuseRowObject: false);
        IDataView rows = trained.Context.Data.LoadFromEnumerable(
            images.Select(row => new RectangleRow
            {
                ImagePath = row.ImagePath,
                Label = [row.Label],
                BoundingBoxes = [1, 1, 11, 11],
            })
        );
        return trained.Context.Transforms.LoadRawImageBytes("Image", null, "ImagePath").Fit(rows).Transform(rows);
    }

    public override float[][] Predictions(ITransformer model, IDataView rows)
    {
        IDataView scored = model.Transform(rows);
        IEnumerable<float[]> objects = scored
            .GetColumn<uint[]>("PredictedLabel")
            .Zip(scored.GetColumn<float[]>("PredictedBoundingBoxes"), (labels, boxes) => labels.Select(label => (float)label).Concat(boxes).ToArray());
        return [.. objects.Zip(scored.GetColumn<float[]>("Score"), (found, scores) => found.Concat(scores).ToArray())];
    }

    public override TrainedParts Parts(ITransformer model)
    {
        RetinaNetTransformer trained = (RetinaNetTransformer)model;
        return new TrainedParts(
            trained.Saved.Weights,
            trained.History,
            trained.Recipe!.Value,
            (trained.Backbone, string.Join(' ', trained.ClassNames!), trained.Epoch, trained.End)
        );
    }

    // Everything is found, so that there are predictions to compare.
    private RetinaNetOptions Small =>
        TinyDetector.Options with
        {
            ImageColumnName = "Image",
            BatchSize = Tiny.Options.BatchSize,
            Optimizer = new SgdOptimizer(),
            Network = TinyDetector.Options.Network with { ScoreThreshold = 0, MaxDetections = ScoreCount },
        };
}
