using Microsoft.ML;
using Microsoft.ML.Data;

namespace MlNet.Behaviour.Tests;

public sealed class EvaluateTests
{
    private static readonly Scored[] _rows =
    [
        new() { Label = 0, Score = [0.7f, 0.2f, 0.1f] },
        new() { Label = 0, Score = [0.3f, 0.6f, 0.1f] },
        new() { Label = 1, Score = [0.1f, 0.8f, 0.1f] },
        new() { Label = 2, Score = [0.5f, 0.25f, 0.25f] },
        new() { Label = 2, Score = [0.2f, 0.3f, 0.5f] },
    ];

    private readonly MLContext _ml = new(1);

    [Fact]
    public void Evaluate_HandComputedCase()
    {
        MulticlassClassificationMetrics m = Evaluate(_rows, topK: 2);

        double[] losses = [-Math.Log(0.7f), -Math.Log(0.3f), -Math.Log(0.8f), -Math.Log(0.25f), -Math.Log(0.5f)];
        double entropy = -(0.4 * Math.Log(0.4) + 0.2 * Math.Log(0.2) + 0.4 * Math.Log(0.4));
        Assert.Equal(3 / 5.0, m.MicroAccuracy, 12);
        Assert.Equal((0.5 + 1 + 0.5) / 3, m.MacroAccuracy, 12);
        Assert.Equal(losses.Average(), m.LogLoss, 9);
        Assert.Equal((entropy - losses.Average()) / entropy, m.LogLossReduction, 9);
        Assert.Equal([losses[..2].Average(), losses[2], losses[3..].Average()], m.PerClassLogLoss.Select(l => Math.Round(l, 12)).ToArray(), Close);
        Assert.Equal(2, m.TopKPredictionCount);
        Assert.Equal([0.6, 0.8], m.TopKAccuracyForAllK, Close);
        Assert.Equal(0.8, m.TopKAccuracy, 12);
    }

    [Fact]
    public void ConfusionMatrix_CountsTrueThenPredicted()
    {
        ConfusionMatrix matrix = Evaluate(_rows).ConfusionMatrix;

        Assert.Equal(3, matrix.NumberOfClasses);
        Assert.Equal([[1, 1, 0], [0, 1, 0], [1, 0, 1]], matrix.Counts);
        Assert.Equal(1, matrix.GetCountForClassPair(predictedClassIndicatorIndex: 0, actualClassIndicatorIndex: 2));
        Assert.Equal([0.5, 1, 0.5], matrix.PerClassRecall, Close);
        Assert.Equal([0.5, 0.5, 1], matrix.PerClassPrecision, Close);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.GetCountForClassPair(3, 0));
    }

    [Fact]
    public void Evaluate_NoTopK_HasNone()
    {
        MulticlassClassificationMetrics m = Evaluate(_rows);

        Assert.Null(m.TopKAccuracyForAllK);
        Assert.Equal(0, m.TopKAccuracy);
        Assert.Equal(0, m.TopKPredictionCount);
    }

    [Fact]
    public void FormattedTable_ClassNumbers()
        => Assert.Equal(Expected.TableOfNumbers, Lines(Evaluate(_rows).ConfusionMatrix.GetFormattedConfusionTable()));

    [Fact]
    public void FormattedTable_ShortNames()
        => Assert.Equal(Expected.TableOfShortNames, Lines(Evaluate(_rows, names: ["cat", "dog", "hen"]).ConfusionMatrix.GetFormattedConfusionTable()));

    [Fact]
    public void FormattedTable_LongNames()
        => Assert.Equal(
            Expected.TableOfLongNames,
            Lines(Evaluate(_rows, names: ["Laysan albatross", "dog", "a"]).ConfusionMatrix.GetFormattedConfusionTable()));

    [Fact]
    public void FormattedTable_TwoClasses()
    {
        Scored[] rows = [new() { Label = 0, Score = [0.7f, 0.3f] }, new() { Label = 1, Score = [0.6f, 0.4f] }, new() { Label = 1, Score = [0.1f, 0.9f] }];

        Assert.Equal(Expected.TableOfTwo, Lines(Evaluate(rows, classes: 2).ConfusionMatrix.GetFormattedConfusionTable()));
    }

    [Fact]
    public void Evaluate_MissingLabelsAndNaNScores_AreLeftOut()
    {
        MulticlassClassificationMetrics m = Evaluate(
            [.. _rows, new() { Label = 9, Score = [1, 0, 0] }, new() { Label = 0, Score = [float.NaN, 0, 0] }]);

        Assert.Equal(5, m.ConfusionMatrix.Counts.Sum(r => r.Sum()));
        Assert.Equal(0.6, m.MicroAccuracy, 12);
    }

    [Fact]
    public void Evaluate_LabelWithoutScore_CountsAsWrong()
    {
        MulticlassClassificationMetrics m = Evaluate([.. _rows, new() { Label = 3, Score = [1, 0, 0] }], labelCount: 4);

        Assert.Equal(0.5, m.MicroAccuracy, 12);
        Assert.Equal(5, m.ConfusionMatrix.Counts.Sum(r => r.Sum()));
        Assert.Equal((_rows.Length * Evaluate(_rows).LogLoss - Math.Log(1e-15f)) / 6, m.LogLoss, 6);
    }

    [Fact]
    public void Evaluate_Ties_GoToTheFirstClass()
    {
        MulticlassClassificationMetrics m = Evaluate([new() { Label = 1, Score = [0.4f, 0.4f, 0.2f] }, new() { Label = 0, Score = [0.4f, 0.4f, 0.2f] }]);

        Assert.Equal([[1, 0, 0], [1, 0, 0], [0, 0, 0]], m.ConfusionMatrix.Counts);
    }

    [Fact]
    public void Evaluate_SingleLabels_CountFromZero()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(new[] { new SingleLabel { Label = 0, Score = [0.9f, 0.1f] }, new SingleLabel { Label = 1, Score = [0.9f, 0.1f] } });

        Assert.Equal(0.5, _ml.MulticlassClassification.Evaluate(data, predictedLabelColumnName: "Score").MicroAccuracy);
    }

    [Fact]
    public void Evaluate_Errors_NameTheColumn()
    {
        IDataView data = Data(_rows, 3, 3, null);

        Assert.Contains("Nope", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.Evaluate(data, "Nope", "Score", "Label")).Message);
        Assert.Contains(
            "Schema mismatch for score column 'Label'",
            Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.Evaluate(data, "Label", "Label", "Label")).Message);
        Assert.Contains(
            "Schema mismatch for label column 'Score'",
            Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.Evaluate(data, "Score", "Score", "Label")).Message);
        Assert.Equal(
            "topKPredictionCount",
            Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.Evaluate(data, topKPredictionCount: -1)).ParamName);
        Assert.Contains("'PredictedLabel'", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.Evaluate(data)).Message);
    }

    [Fact]
    public void CrossValidate_EvaluatesEachFoldOnWhatItsModelHasNotSeen()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Point.Clouds(90));
        IDataView keyed = _ml.Transforms.Conversion.MapValueToKey("Label").Fit(data).Transform(data);
        var trainer = new CentroidTrainer();
        var folds = _ml.MulticlassClassification.CrossValidate(keyed, trainer, numberOfFolds: 3);

        Assert.Equal(3, trainer.Fits);
        Assert.Equal([0, 1, 2], folds.Select(f => f.Fold));
        Assert.All(folds, f => Assert.Equal(1, f.Metrics.MicroAccuracy));
        Assert.Equal(90, folds.Sum(f => f.ScoredHoldOutSet.GetColumn<uint>("PredictedLabel").Count()));
        Assert.Equal(90, folds.Sum(f => f.Metrics.ConfusionMatrix.Counts.Sum(r => r.Sum())));
        Assert.Equal(3, folds.Select(f => f.Model).Distinct().Count());
        Assert.Equal("numFolds", Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.CrossValidate(keyed, trainer, 1)).ParamName);
    }

    private static bool Close(double a, double b) => Math.Abs(a - b) < 1e-9;

    private static string[] Lines(string text) => text.ReplaceLineEndings("\n").Split('\n');

    private MulticlassClassificationMetrics Evaluate(Scored[] rows, int topK = 0, string[] names = null, int classes = 3, int? labelCount = null)
        => _ml.MulticlassClassification.Evaluate(
            Data(rows, classes, labelCount ?? classes, names), predictedLabelColumnName: "Label", topKPredictionCount: topK);

    private IDataView Data(Scored[] rows, int classes, int labelCount, string[] names)
    {
        SchemaDefinition definition = SchemaDefinition.Create(typeof(Scored));
        definition["Label"].ColumnType = new KeyDataViewType(typeof(uint), labelCount);
        definition["Score"].ColumnType = new VectorDataViewType(NumberDataViewType.Single, classes);
        if (names is not null)
        {
            var slots = new VBuffer<ReadOnlyMemory<char>>(names.Length, [.. names.Select(n => n.AsMemory())]);
            definition["Score"].AddAnnotation("SlotNames", slots, new VectorDataViewType(TextDataViewType.Instance, names.Length));
        }

        return _ml.Data.LoadFromEnumerable(rows, definition);
    }

    public sealed class Scored
    {
        public uint Label { get; set; }

        public float[] Score { get; set; }
    }

    public sealed class SingleLabel
    {
        public float Label { get; set; }

        [VectorType(2)]
        public float[] Score { get; set; }
    }
}
