using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Transforms;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A user's pipeline, from a folder of images to metrics and predictions.</summary>
public sealed class PipelineTests(ColoredImages images) : IClassFixture<ColoredImages>
{
    [Fact]
    public void Fit_ThenEvaluate_ClassifiesTheColors()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);

        TransformerChain<ImageClassificationTransformer> model = Tiny.Pipeline(ml).Fit(rows);
        MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(model.Transform(rows), topKPredictionCount: 2);

        Assert.True(metrics.MicroAccuracy > 0.9, $"{metrics.MicroAccuracy}");
        Assert.True(metrics.TopKAccuracy >= metrics.MicroAccuracy);
        Assert.Equal(Tiny.Options.Epochs, model.LastTransformer.Model.History.Count);
        Assert.Equal(TrainingEnd.Completed, model.LastTransformer.Model.End);
        string table = metrics.ConfusionMatrix.GetFormattedConfusionTable();
        Assert.All(ColoredImages.Names, name => Assert.Contains(name, table, StringComparison.Ordinal));
    }

    [Fact]
    public void Fit_FullPipeline_PredictsLabelsAsText()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        TransformerChain<KeyToValueMappingTransformer> model = ml
            .Transforms.Conversion.MapValueToKey("Label")
            .Append(ml.Transforms.LoadRawImageBytes("Image", null, "ImagePath"))
            .AppendCacheCheckpoint(ml)
            .Append(ml.MulticlassClassification.Trainers.FeatureMining(Tiny.Options))
            .Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(rows);

        string[] predicted = [.. model.Transform(rows).GetColumn<string>("PredictedLabel")];

        string[] expected = [.. rows.GetColumn<string>("Label")];
        Assert.True(predicted.Zip(expected).Count(pair => pair.First == pair.Second) > 0.9 * expected.Length);
    }

    [Fact]
    public void Fit_RowsWithoutAnImageColumn_TrainsOnTheFilesOfImagePath()
    {
        MLContext ml = new(1);
        IDataView rows = images.Rows(ml);
        TransformerChain<ImageClassificationTransformer> Train(FeatureMiningOptions options) =>
            ml.Transforms.Conversion.MapValueToKey("Label").Append(ml.MulticlassClassification.Trainers.FeatureMining(options)).Fit(rows);

        TransformerChain<ImageClassificationTransformer> model = Train(Tiny.Options with { Epochs = 1 });

        Assert.Equal("ImagePath", model.LastTransformer.FeatureColumnName);
        TransformerChain<ImageClassificationTransformer> named = Train(Tiny.Options with { Epochs = 1, ImageColumnName = "ImagePath" });
        Assert.Equal(named.Transform(rows).GetColumn<float[]>("Score"), model.Transform(rows).GetColumn<float[]>("Score"));
        // A name that is not the default is not replaced.
        Assert.Throws<ArgumentOutOfRangeException>(() => Train(Tiny.Options with { ImageColumnName = "Picture" }));
    }

    [Fact]
    public void CrossValidate_TwoFolds_TrainsANewModelOnEach()
    {
        MLContext ml = new(1);

        var folds = ml.MulticlassClassification.CrossValidate(images.Rows(ml), Tiny.Pipeline(ml), numberOfFolds: 2);

        Assert.Equal(2, folds.Count);
        Assert.All(folds, fold => Assert.True(fold.Metrics.MicroAccuracy > 0.5, $"{fold.Metrics.MicroAccuracy}"));
        Assert.NotSame(folds[0].Model, folds[1].Model);
    }

    [Fact]
    public void Fit_OverloadWithColumnNames_UsesThem()
    {
        MLContext ml = new(1);
        IDataView rows = ml
            .Transforms.Conversion.MapValueToKey("Color", "Label")
            .Append(ml.Transforms.LoadRawImageBytes("Photo", null, "ImagePath"))
            .Fit(images.Rows(ml))
            .Transform(images.Rows(ml));

        FeatureMiningImageClassificationTrainer trainer = ml.MulticlassClassification.Trainers.FeatureMining(
            "Color",
            "Photo",
            "Probability",
            "Guess",
            backbone: "cifar-resnet-8",
            epochs: 1,
            validationSet: rows
        );
        IDataView scored = trainer.Fit(rows).Transform(rows);

        Assert.Equal(["Guess", "Probability"], scored.Schema.Select(column => column.Name).TakeLast(2));
        MulticlassClassificationMetrics metrics = ml.MulticlassClassification.Evaluate(scored, "Color", "Probability", "Guess");
        Assert.InRange(metrics.MicroAccuracy, 0, 1);
    }

    [Fact]
    public void Fit_NumericLabels_SavesTheirValues()
    {
        MLContext ml = new(1);
        IDataView rows = ml.Data.LoadFromEnumerable(
            images
                .Rows(ml)
                .GetColumn<string>("ImagePath")
                .Select(path => new NumberedImage
                {
                    ImagePath = path,
                    Label = 10f * Array.IndexOf(ColoredImages.Names, Path.GetFileName(Path.GetDirectoryName(path))),
                })
                .ToArray()
        );
        IEstimator<ITransformer> pipeline = Tiny.Pipeline(ml).Append(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"));
        using MemoryStream stream = new();
        ml.Model.Save(pipeline.Fit(rows), rows.Schema, stream);
        stream.Position = 0;

        ITransformer loaded = ml.Model.Load(stream, out _);

        float[] predicted = [.. loaded.Transform(rows).GetColumn<float>("PredictedLabel")];
        Assert.True(predicted.Zip(rows.GetColumn<float>("Label")).Count(pair => pair.First == pair.Second) > 0.9 * predicted.Length);
    }

    private sealed class NumberedImage
    {
        public string ImagePath { get; set; } = "";

        public float Label { get; set; }
    }
}
