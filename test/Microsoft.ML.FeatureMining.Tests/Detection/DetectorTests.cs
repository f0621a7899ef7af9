using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Detection.Scoring;
using TorchSharp;
using static TorchSharp.torch;
using Found = Microsoft.ML.FeatureMining.Detection.Detection;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Compares detections and non-maximum suppression with torchvision's, and tests their limits.</summary>
public sealed class DetectorTests : IClassFixture<SingleThreadFixture>
{
    private static readonly AnchorGrid Anchors = AnchorGrid.Of(64, 96, new RetinaNetSettings());

    [Theory]
    [InlineData("default", 0.05, 0.5, 1000, 300)]
    [InlineData("few", 0.2, 0.3, 100, 20)]
    [InlineData("none", 0.9999, 0.5, 1000, 300)]
    public void Detect_RandomPredictions_IsTorchvisions(string name, double score, double overlap, int candidates, int most)
    {
        GoldenTensors golden = DetectionGolden.Of("detections");
        RetinaNetSettings settings = new()
        {
            ScoreThreshold = score,
            NmsThreshold = overlap,
            CandidatesPerLevel = candidates,
            MaxDetections = most,
        };

        IReadOnlyList<Found> found = Detector.Detect(golden["logits"], golden["deltas"], Anchors, 60, 90, settings);

        float[] scores = TensorAssert.Values(golden[$"{name}/scores"]);
        Assert.Equal(name == "none", scores.Length == 0);
        Assert.Equal(golden.Integers($"{name}/labels"), found.Select(detection => (long)detection.Class));
        Assert.All(scores.Zip(found), pair => Assert.Equal(pair.First, pair.Second.Score, 1e-6));
        Assert.All(
            DetectionGolden.Boxes(golden[$"{name}/boxes"]).Zip(found),
            pair =>
            {
                Assert.Equal(pair.First.Left, pair.Second.Box.Left, 1e-4);
                Assert.Equal(pair.First.Top, pair.Second.Box.Top, 1e-4);
                Assert.Equal(pair.First.Right, pair.Second.Box.Right, 1e-4);
                Assert.Equal(pair.First.Bottom, pair.Second.Box.Bottom, 1e-4);
            }
        );
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.5)]
    [InlineData(0.7)]
    public void Suppression_RandomBoxes_KeepsWhatTorchvisionKeeps(double threshold)
    {
        GoldenTensors golden = DetectionGolden.Of("suppression");
        Box[] boxes = DetectionGolden.Boxes(golden["boxes"]);
        long[] labels = golden.Integers("labels");
        Found[] all = [.. TensorAssert.Values(golden["scores"]).Select((score, i) => new Found(boxes[i], (int)labels[i], score))];

        IReadOnlyList<Found> kept = NonMaximumSuppression.Keep(all, threshold, int.MaxValue);

        Assert.Equal(golden.Integers($"kept/{threshold}").Select(index => all[index]), kept);
    }

    [Fact]
    public void Suppression_NoBoxes_KeepsNone() => Assert.Empty(NonMaximumSuppression.Keep([], 0.5, 10));

    [Fact]
    public void Suppression_EqualScores_KeepsTheFirst()
    {
        Found first = new(new Box(0, 0, 10, 10), 0, 0.5f);

        Assert.Equal([first], NonMaximumSuppression.Keep([first, first with { Box = new Box(0, 0, 10, 9) }], 0.5, 10));
    }

    [Fact]
    public void Suppression_SameBoxOfAnotherClass_KeepsBoth()
    {
        Found first = new(new Box(0, 0, 10, 10), 0, 0.5f);

        Assert.Equal([first, first with { Class = 1 }], NonMaximumSuppression.Keep([first, first with { Class = 1 }], 0.5, 10));
    }

    [Fact]
    public void Suppression_OverlapEqualToTheThreshold_KeepsBoth()
    {
        Found first = new(new Box(0, 0, 10, 10), 0, 0.9f);
        Found half = new(new Box(0, 0, 10, 5), 0, 0.8f);

        Assert.Equal([first, half], NonMaximumSuppression.Keep([half, first], 0.5, 10));
    }

    [Fact]
    public void Detect_NaNLogits_AreNotDetected()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = full([Anchors.Boxes.Length, 2], float.NaN);
        logits[7, 1] = 3;

        Found found = Assert.Single(Detector.Detect(logits, zeros(Anchors.Boxes.Length, 4), Anchors, 64, 96, new RetinaNetSettings()));

        Assert.Equal((1, 0.9526f), (found.Class, MathF.Round(found.Score, 4)));
        Assert.Equal(Anchors.Boxes[7].Clip(64, 96), found.Box);
    }

    [Fact]
    public void Detect_NaNOffsets_AreDropped()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor deltas = full([Anchors.Boxes.Length, 4], float.NaN);

        Assert.Empty(Detector.Detect(ones(Anchors.Boxes.Length, 2), deltas, Anchors, 64, 96, new RetinaNetSettings()));
    }

    [Fact]
    public void Detect_HugeValues_StaysInsideTheImage()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor deltas = full([Anchors.Boxes.Length, 4], 1e30f);

        Assert.All(
            Detector.Detect(full([Anchors.Boxes.Length, 2], 1e30f), deltas, Anchors, 64, 96, new RetinaNetSettings()),
            found => Assert.Equal((found.Box.Clip(64, 96), 1), (found.Box, found.Score))
        );
    }

    [Fact]
    public void Detect_EveryPredictionAboveTheThreshold_KeepsTheMaximum()
    {
        using DisposeScope scope = NewDisposeScope();
        RetinaNetSettings settings = new()
        {
            ScoreThreshold = 0,
            NmsThreshold = 1,
            MaxDetections = 7,
        };

        Assert.Equal(7, Detector.Detect(zeros(Anchors.Boxes.Length, 2), zeros(Anchors.Boxes.Length, 4), Anchors, 64, 96, settings).Count);
    }

    [Fact]
    public void Detect_HalfPrecision_DetectsTheSame()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = full([Anchors.Boxes.Length, 1], -9);
        logits[40, 0] = 2;

        Found found = Assert.Single(
            Detector.Detect(logits.to(ScalarType.Float16), zeros(Anchors.Boxes.Length, 4).to(ScalarType.Float16), Anchors, 64, 96, new RetinaNetSettings())
        );

        Assert.Equal(Anchors.Boxes[40].Clip(64, 96), found.Box);
    }

    [Fact]
    public void Detect_PredictionsOfAnotherSize_ThrowsWithBothShapes()
    {
        using DisposeScope scope = NewDisposeScope();

        ArgumentException error = Assert.Throws<ArgumentException>(() => Detector.Detect(zeros(9, 2), zeros(9, 4), Anchors, 64, 96, new RetinaNetSettings()));

        Assert.StartsWith("Logits [9,2] and offsets [9,4] do not match 1161 anchors", error.Message);
    }
}
