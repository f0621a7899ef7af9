using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Networks;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Compares IoU, offsets and clipping with torchvision's.</summary>
public sealed class BoxTests : IClassFixture<SingleThreadFixture>
{
    private static readonly GoldenTensors Golden = DetectionGolden.Of("coding");
    private static readonly Box[] Boxes = DetectionGolden.Boxes(Golden["boxes"]);
    private static readonly Box[] Anchors = DetectionGolden.Boxes(Golden["anchors"]);

    [Fact]
    public void IntersectionOverUnion_RandomBoxes_IsTorchvisionsToTheLastBit() =>
        Assert.Equal(TensorAssert.Values(Golden["iou"]), Boxes.Zip(Anchors, (box, anchor) => box.IntersectionOverUnion(anchor)));

    [Theory]
    [InlineData(3, 3, 3, 3)] // No area, and the box itself.
    [InlineData(10, 0, 20, 10)] // Touches at an edge.
    [InlineData(8, 8, 2, 2)] // Right is left of left.
    [InlineData(float.NaN, 0, 5, 5)]
    public void IntersectionOverUnion_NoCommonArea_IsZero(float left, float top, float right, float bottom)
    {
        Box box = new(left, top, right, bottom);

        Assert.Equal(0, new Box(0, 0, 10, 10).IntersectionOverUnion(box));
        Assert.Equal(0, box.IntersectionOverUnion(box with { Top = box.Bottom }));
    }

    [Fact]
    public void IntersectionOverUnion_OnePixel_IsOneOfTheArea() => Assert.Equal(0.25f, new Box(4, 4, 5, 5).IntersectionOverUnion(new Box(4, 4, 6, 6)));

    [Fact]
    public void Encode_RandomBoxes_GivesTorchvisionsOffsets() =>
        AssertClose(
            TensorAssert.Values(Golden["encoded"]),
            Boxes.Zip(Anchors).SelectMany(pair => BoxCoder.Encode(pair.First, pair.Second) is var (dx, dy, dw, dh) ? new[] { dx, dy, dw, dh } : []),
            1e-5
        );

    // Some offsets are above the maximum.
    [Fact]
    public void Decode_RandomOffsets_GivesTorchvisionsBoxes()
    {
        float[][] offsets = [.. TensorAssert.Values(Golden["offsets"]).Chunk(4)];
        Assert.Contains(offsets, d => d[2] > BoxCoder.MaxLogRatio);

        Box[] decoded = [.. offsets.Zip(Anchors, (d, anchor) => BoxCoder.Decode(d[0], d[1], d[2], d[3], anchor))];

        AssertClose(TensorAssert.Values(Golden["decoded"]), decoded.SelectMany(Corners), 1e-5);
        AssertClose(TensorAssert.Values(Golden["clipped"]), decoded.SelectMany(box => Corners(box.Clip(300, 400))), 1e-5);
    }

    [Fact]
    public void Decode_EncodedBox_IsTheBox() =>
        Assert.All(
            Boxes.Zip(Anchors),
            pair =>
            {
                (float dx, float dy, float dw, float dh) = BoxCoder.Encode(pair.First, pair.Second);
                AssertClose(Corners(pair.First), Corners(BoxCoder.Decode(dx, dy, dw, dh, pair.Second)), 1e-4);
            }
        );

    [Fact]
    public void Decode_HugeOffset_GivesTheLargestBox() =>
        Assert.Equal(625, BoxCoder.Decode(0, 0, 1e30f, float.PositiveInfinity, new Box(0, 0, 10, 10)).Width, 1e-2);

    [Fact]
    public void Decode_NaNOffset_GivesABoxThatIsNotFinite() => Assert.False(BoxCoder.Decode(0, 0, float.NaN, 0, new Box(0, 0, 10, 10)).Clip(20, 20).IsFinite);

    private static IEnumerable<float> Corners(Box box) => [box.Left, box.Top, box.Right, box.Bottom];

    private static void AssertClose(IEnumerable<float> expected, IEnumerable<float> actual, double tolerance) =>
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance * Math.Max(1, Math.Abs(pair.First))));
}
