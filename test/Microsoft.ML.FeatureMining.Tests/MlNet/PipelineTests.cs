using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>The pipeline that a user writes, from a folder of pictures to metrics and predictions.</summary>
public sealed class PipelineTests(ColouredImages images) : IClassFixture<ColouredImages>
{
    [Fact]
    public void Fit_ThenEvaluate_TellsTheColoursApart()
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
        Assert.All(ColouredImages.Names, name => Assert.Contains(name, table, StringComparison.Ordinal));
    }
}
