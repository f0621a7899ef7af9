using Microsoft.ML.FeatureMining.Detection.Evaluation;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Evaluate of the catalog; the numbers of average precision have their own tests.</summary>
public sealed class DetectionEvaluationTests
{
    private readonly MLContext _ml = new(1);

    [Fact]
    public void Evaluate_OneFoundOneMissedOneFalse_GivesTheAveragePrecision()
    {
        Row row = new()
        {
            Label = ["cat", "cat", "dog"],
            BoundingBoxes = [0, 0, 10, 10, 20, 20, 40, 40, 50, 50, 60, 60],
            PredictedLabel = ["cat", "dog", "cat"],
            PredictedBoundingBoxes = [0, 0, 10, 9, 0, 50, 10, 60, 70, 70, 80, 80],
            Score = [0.9f, 0.8f, 0.7f],
        };

        DetectionMetrics metrics = _ml.ObjectDetection().Evaluate(_ml.Data.LoadFromEnumerable([row]));

        // Cat: the first detection is right, precision 1 at recall 1/2; dog: nothing is right.
        Assert.Equal(
            [("cat", 2, 0.5, 6.0 / 11), ("dog", 1, 0.0, 0.0)],
            metrics.PerClass.Select(one => (one.Class, one.Objects, one.AveragePrecision, one.AveragePrecision2007))
        );
        Assert.Equal(0.25, metrics.MeanAveragePrecision);
        Assert.Equal(3.0 / 11, metrics.MeanAveragePrecision2007, 1e-12);
        Assert.Equal((1, 3, 3), (metrics.Images, metrics.Objects, metrics.Detections));
    }

    [Fact]
    public void Evaluate_DifficultObject_NeedNotBeFound()
    {
        Row row = new()
        {
            Label = ["cat", "cat"],
            BoundingBoxes = [0, 0, 10, 10, 20, 20, 40, 40],
            Difficult = [false, true],
            PredictedLabel = ["cat"],
            PredictedBoundingBoxes = [0, 0, 10, 10],
            Score = [0.9f],
        };
        IDataView rows = _ml.Data.LoadFromEnumerable([row]);

        Assert.Equal(0.5, _ml.ObjectDetection().Evaluate(rows).MeanAveragePrecision);
        Assert.Equal(1, _ml.ObjectDetection().Evaluate(rows, difficultColumnName: "Difficult").MeanAveragePrecision);
    }

    [Fact]
    public void Evaluate_ClassThatTheModelDoesNotHave_CountsAsNotFound()
    {
        Row row = new()
        {
            Label = ["cat", "zebra"],
            BoundingBoxes = [0, 0, 10, 10, 20, 20, 40, 40],
            PredictedLabel = ["cat"],
            PredictedBoundingBoxes = [0, 0, 10, 10],
            Score = [0.9f],
        };

        DetectionMetrics metrics = _ml.ObjectDetection().Evaluate(_ml.Data.LoadFromEnumerable([row]));

        Assert.Equal(0.5, metrics.MeanAveragePrecision);
    }

    [Fact]
    public void Evaluate_ClassWithoutObjects_IsNotInTheMean()
    {
        Row row = new()
        {
            Label = ["cat"],
            BoundingBoxes = [0, 0, 10, 10],
            PredictedLabel = ["cat", "zebra"],
            PredictedBoundingBoxes = [0, 0, 10, 10, 0, 0, 10, 10],
            Score = [0.9f, 0.8f],
        };

        DetectionMetrics metrics = _ml.ObjectDetection().Evaluate(_ml.Data.LoadFromEnumerable([row]));

        Assert.Equal(1, metrics.MeanAveragePrecision);
        Assert.True(double.IsNaN(metrics.PerClass[1].AveragePrecision));
    }

    [Fact]
    public void Evaluate_VectorsOfDifferentLength_NameTheRow()
    {
        Row row = new()
        {
            Label = ["cat"],
            BoundingBoxes = [0, 0, 10, 10],
            PredictedLabel = ["cat"],
            PredictedBoundingBoxes = [0, 0, 10],
            Score = [0.9f],
        };

        ArgumentException error = Assert.Throws<ArgumentException>(() => _ml.ObjectDetection().Evaluate(_ml.Data.LoadFromEnumerable([row])));

        Assert.Contains(
            "Row 0 has 1 values in column 'PredictedLabel', 3 in 'PredictedBoundingBoxes' and 1 in 'Score'",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Evaluate_NoObjects_SaysSo() =>
        Assert.Contains(
            "no row has an object",
            Assert.Throws<InvalidOperationException>(() => _ml.ObjectDetection().Evaluate(_ml.Data.LoadFromEnumerable([new Row()]))).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Evaluate_MissingColumn_IsRejected() =>
        Assert.Contains(
            "Could not find score column 'Probability'",
            Assert
                .Throws<ArgumentOutOfRangeException>(() =>
                    _ml.ObjectDetection().Evaluate(_ml.Data.LoadFromEnumerable([new Row()]), scoreColumnName: "Probability")
                )
                .Message,
            StringComparison.Ordinal
        );

    private sealed class Row
    {
        public string[] Label { get; set; } = [];

        public float[] BoundingBoxes { get; set; } = [];

        public bool[] Difficult { get; set; } = [];

        public string[] PredictedLabel { get; set; } = [];

        public float[] PredictedBoundingBoxes { get; set; } = [];

        public float[] Score { get; set; } = [];
    }
}
