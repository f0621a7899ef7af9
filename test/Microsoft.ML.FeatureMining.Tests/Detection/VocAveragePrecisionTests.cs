using System.Globalization;
using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Evaluation;
using Found = Microsoft.ML.FeatureMining.Detection.Detection;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Compares average precision with the arithmetic of Pascal VOC's development kit, and tests its rules one by one.</summary>
public sealed class VocAveragePrecisionTests
{
    private static readonly Box Square = new(0, 0, 10, 10);
    private static readonly Box Elsewhere = new(50, 50, 60, 60);

    // With tied scores, difficult objects, and images without objects or detections.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void PerClass_RandomBoxes_IsTheDevelopmentKits(int seed)
    {
        GoldenTensors golden = DetectionGolden.Of("precision");
        ILookup<int, Found> found = TensorAssert
            .Values(golden[$"{seed}/found"])
            .Chunk(7)
            .ToLookup(row => (int)row[0], row => new Found(new Box(row[3], row[4], row[5], row[6]), (int)row[1], row[2]));
        ILookup<int, ObjectBox> objects = TensorAssert
            .Values(golden[$"{seed}/truths"])
            .Chunk(7)
            .ToLookup(row => (int)row[0], row => new ObjectBox(new Box(row[3], row[4], row[5], row[6]), (int)row[1], row[2] != 0));
        VocAveragePrecision precision = new(6);

        for (int image = 0; image < 40; image++)
        {
            precision.Add([.. found[image]], [.. objects[image]]);
        }

        AssertEqual(golden.Doubles($"{seed}/eleven-point"), precision, VocMetric.ElevenPoint);
        AssertEqual(golden.Doubles($"{seed}/area"), precision, VocMetric.Area);
        Assert.Equal(golden.Doubles($"{seed}/area").Where(double.IsFinite).Average(), precision.Mean(VocMetric.Area), 1e-12);
    }

    [Fact]
    public void PerClass_EveryObjectFoundOnce_IsOne() => AssertBoth(1, [Of(0.9f)], [new ObjectBox(Square, 0)]);

    [Fact]
    public void PerClass_NoDetections_IsZero() => AssertBoth(0, [], [new ObjectBox(Square, 0)]);

    [Fact]
    public void PerClass_NoObjects_IsNaN() => AssertBoth(double.NaN, [Of(0.9f)], []);

    [Fact]
    public void PerClass_DifficultObjectsOnly_IsNaN() => AssertBoth(double.NaN, [Of(0.9f)], [new ObjectBox(Square, 0, IsDifficult: true)]);

    [Fact]
    public void PerClass_NothingAdded_IsNaN()
    {
        VocAveragePrecision precision = new(3);

        Assert.All(precision.PerClass(VocMetric.Area), value => Assert.Equal(double.NaN, value));
        Assert.Equal(double.NaN, precision.Mean(VocMetric.Area));
    }

    // Found twice with a higher score than the correct detection of the other object.
    [Fact]
    public void PerClass_DifficultObjectFound_IsIgnored() =>
        AssertBoth(1, [Of(0.9f, Elsewhere), Of(0.8f, Elsewhere), Of(0.7f)], [new ObjectBox(Square, 0), new ObjectBox(Elsewhere, 0, IsDifficult: true)]);

    // The second detection of an object is wrong: precision 2/3 at recall 1.
    [Fact]
    public void PerClass_ObjectFoundTwice_CountsTheSecondAsWrong()
    {
        Found[] found = [Of(0.9f), Of(0.8f), Of(0.7f, Elsewhere)];
        ObjectBox[] objects = [new(Square, 0), new(Elsewhere, 0)];

        Assert.Equal((1 + 2.0 / 3) / 2, Single(found, objects, VocMetric.Area), 1e-12);
        Assert.Equal((6 + 5 * 2.0 / 3) / 11, Single(found, objects, VocMetric.ElevenPoint), 1e-12);
    }

    [Fact]
    public void PerClass_OverlapOfExactlyOneHalf_IsWrong() => AssertBoth(0, [Of(0.9f, new Box(0, 0, 10, 5))], [new ObjectBox(Square, 0)]);

    // 0.55. Without the pixel that VOC adds to widths and heights, it would be 4.5 * 9 / 81 = 0.5.
    [Fact]
    public void PerClass_OverlapAboveOneHalf_IsCorrect() => AssertBoth(1, [Of(0.9f, new Box(0, 0, 10, 5.5f))], [new ObjectBox(Square, 0)]);

    [Fact]
    public void PerClass_OnePixelBoxes_AreCompared() => AssertBoth(1, [Of(0.9f, new Box(3, 3, 4, 4))], [new ObjectBox(new Box(3, 3, 4, 4), 0)]);

    [Fact]
    public void PerClass_BoxWithoutArea_IsWrong() => AssertBoth(0, [Of(0.9f, new Box(3, 3, 3, 3))], [new ObjectBox(new Box(3, 3, 3, 3), 0)]);

    [Fact]
    public void PerClass_ObjectOfAnotherClass_IsWrong()
    {
        VocAveragePrecision precision = new(2);
        precision.Add([Of(0.9f)], [new ObjectBox(Square, 1)]);

        Assert.Equal([double.NaN, 0], precision.PerClass(VocMetric.Area));
        Assert.Equal(0, precision.Mean(VocMetric.Area));
    }

    // The object that is overlapped most decides, also if it is found already and another one is above 0.5.
    [Fact]
    public void PerClass_TwoObjectsAboveOneHalf_TakesTheNearest()
    {
        ObjectBox[] objects = [new(Square, 0), new(new Box(0, 0, 10, 9), 0)];

        Assert.Equal(0.5, Single([Of(0.9f), Of(0.8f)], objects, VocMetric.Area));
    }

    [Theory]
    [InlineData(3, 4.0 / 11)] // Recall 0, 0.1, 0.2 and 0.3.
    [InlineData(7, 8.0 / 11)]
    public void PerClass_RecallEqualToALevel_ReachesTheLevel(int found, double expected)
    {
        VocAveragePrecision precision = new(1);
        for (int i = 0; i < 10; i++)
        {
            precision.Add(i < found ? [Of(0.5f)] : [], [new ObjectBox(Square, 0)]);
        }

        Assert.Equal(expected, precision.PerClass(VocMetric.ElevenPoint)[0], 1e-12);
        Assert.Equal(found / 10.0, precision.PerClass(VocMetric.Area)[0], 1e-12);
    }

    // The wrong detection comes first because its image does.
    [Fact]
    public void PerClass_EqualScores_KeepTheOrderOfTheImages()
    {
        VocAveragePrecision precision = new(1);
        precision.Add([Of(0.5f)], []);
        precision.Add([Of(0.5f)], [new ObjectBox(Square, 0)]);

        Assert.Equal(0.5, precision.PerClass(VocMetric.Area)[0]);
        Assert.Equal([(0, 0), (0.5, 1)], precision.Curve(0));
    }

    [Theory]
    [InlineData(float.NaN, 0, 0)]
    [InlineData(float.PositiveInfinity, 0, 0)]
    [InlineData(0.5f, float.NaN, 0)]
    [InlineData(0.5f, 0, -1)]
    [InlineData(0.5f, 0, 1)]
    public void Add_InvalidDetection_ThrowsWithTheImage(float score, float left, int label)
    {
        VocAveragePrecision precision = new(1);
        precision.Add([], []);

        ArgumentException error = Assert.Throws<ArgumentException>(() => precision.Add([new Found(new Box(left, 0, 5, 5), label, score)], []));

        Assert.StartsWith($"Image 1 has an invalid detection: class {label.ToString(CultureInfo.InvariantCulture)} of 1, ", error.Message);
    }

    private static Found Of(float score, Box? box = null) => new(box ?? Square, 0, score);

    private static double Single(Found[] found, ObjectBox[] objects, VocMetric metric)
    {
        VocAveragePrecision precision = new(1);
        precision.Add(found, objects);
        return precision.PerClass(metric)[0];
    }

    private static void AssertBoth(double expected, Found[] found, ObjectBox[] objects)
    {
        Assert.Equal(expected, Single(found, objects, VocMetric.ElevenPoint), 1e-12);
        Assert.Equal(expected, Single(found, objects, VocMetric.Area), 1e-12);
    }

    private static void AssertEqual(double[] expected, VocAveragePrecision precision, VocMetric metric) =>
        Assert.All(expected.Zip(precision.PerClass(metric)), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
}
