using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Losses;
using Microsoft.ML.FeatureMining.Detection.Networks;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Compares the assignment of anchors with torchvision's.</summary>
public sealed class AnchorMatcherTests : IClassFixture<SingleThreadFixture>
{
    private static readonly Box[] Ten = [new(0, 0, 10, 10), new(5, 0, 15, 10), new(20, 20, 30, 30)];

    [Theory]
    [InlineData("one")]
    [InlineData("some")]
    [InlineData("integers")]
    [InlineData("many")]
    [InlineData("small")]
    [InlineData("twice")]
    [InlineData("low-thresholds")]
    public void Match_RandomObjects_IsTorchvisions(string name)
    {
        GoldenTensors golden = DetectionGolden.Of("matching");
        double[] thresholds = golden.Doubles($"{name}/thresholds");
        RetinaNetSettings settings = new() { ForegroundIou = thresholds[0], BackgroundIou = thresholds[1] };
        ObjectBox[] objects = [.. DetectionGolden.Boxes(golden[$"{name}/boxes"]).Select(box => new ObjectBox(box, 0))];

        int[] matches = AnchorMatcher.Match(AnchorGrid.Of(96, 224, settings).Boxes, objects, settings);

        Assert.Equal(golden.Integers($"{name}/matches").Select(match => (int)match), matches);
    }

    [Fact]
    public void Match_NoObjects_IsBackground() => Assert.All(AnchorMatcher.Match(Ten, [], new RetinaNetSettings()), match => Assert.Equal(-1, match));

    [Fact]
    public void Match_BestAnchorBelowTheThreshold_IsMatched() =>
        Assert.Equal([0, -1, -1], AnchorMatcher.Match(Ten, [new ObjectBox(new Box(0, 0, 3, 3), 0)], new RetinaNetSettings()));

    // IoU 0.44 with the second anchor, which is nobody's best.
    [Fact]
    public void Match_IouBetweenTheThresholds_IsIgnored() =>
        Assert.Equal([0, -2, -1], AnchorMatcher.Match(Ten, [new ObjectBox(new Box(1.5f, 0, 11, 10), 0)], new RetinaNetSettings()));

    // torchvision gives such an object every anchor.
    [Fact]
    public void Match_ObjectThatNoAnchorOverlaps_MatchesNothing() =>
        Assert.Equal([-1, -1, -1], AnchorMatcher.Match(Ten, [new ObjectBox(new Box(100, 100, 110, 110), 0)], new RetinaNetSettings()));

    [Fact]
    public void Match_IouEqualToTheThreshold_IsForeground() =>
        Assert.Equal(
            [0, 0],
            AnchorMatcher.Match([new Box(0, 0, 10, 10), new Box(0, 0, 10, 5)], [new ObjectBox(new Box(0, 0, 10, 10), 0)], new RetinaNetSettings())
        );
}
