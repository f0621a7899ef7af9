using System.Globalization;
using Microsoft.ML.FeatureMining.Detection;
using Microsoft.ML.FeatureMining.Detection.Losses;
using Microsoft.ML.FeatureMining.Detection.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Compares the loss with torchvision's, with a closed form and with finite differences, and tests its limits.</summary>
public sealed class RetinaNetLossTests : IClassFixture<SingleThreadFixture>
{
    private const int Height = 64;
    private const int Width = 96;
    private const int Classes = 5;
    private const double Tolerance = 1e-6;
    private static readonly GoldenTensors Golden = DetectionGolden.Of("losses");
    private static readonly RetinaNetSettings Defaults = new();
    private static readonly IReadOnlyList<IReadOnlyList<ObjectBox>> Objects = DetectionGolden.Objects(Golden);

    [Theory]
    [InlineData("torchvision", 0.25, 2, 0, 0.5, 0.4)]
    [InlineData("smooth", 0.4, 1.5, 1.0 / 9, 0.6, 0.3)]
    public void Loss_RandomPredictions_IsPyTorchs(string name, double alpha, double gamma, double beta, double foreground, double background)
    {
        RetinaNetSettings settings = new()
        {
            FocalAlpha = alpha,
            FocalGamma = gamma,
            SmoothL1Beta = beta,
            ForegroundIou = foreground,
            BackgroundIou = background,
        };
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Golden["logits"].to(ScalarType.Float64).requires_grad_(true);
        Tensor deltas = Golden["deltas"].to(ScalarType.Float64).requires_grad_(true);
        AnchorGrid anchors = AnchorGrid.Of(Height, Width, settings);

        (Tensor classification, Tensor boxes) = RetinaNetLoss.Parts(logits, deltas, anchors, Objects, settings);
        Tensor loss = RetinaNetLoss.Of(logits, deltas, anchors, Objects, settings);
        loss.backward();

        AssertClose(Golden.Doubles($"{name}/classification")[0], classification);
        AssertClose(Golden.Doubles($"{name}/regression")[0], boxes);
        AssertClose(Golden.Doubles($"{name}/classification")[0] + Golden.Doubles($"{name}/regression")[0], loss);
        TensorAssert.Close(Golden[$"{name}/logits"], logits.grad!, Tolerance, "gradient of the logits");
        TensorAssert.Close(Golden[$"{name}/deltas"], deltas.grad!, Tolerance, "gradient of the offsets");
    }

    // Every anchor is background: the sum over anchors of (1 - alpha) p^gamma log(1 + exp x).
    [Fact]
    public void Loss_BatchWithoutObjects_IsTheSumOverAnchors()
    {
        using DisposeScope scope = NewDisposeScope();
        AnchorGrid anchors = AnchorGrid.Of(32, 32, Defaults);
        Tensor logits = full([2, anchors.Boxes.Length, 2], -1, ScalarType.Float64).requires_grad_(true);
        Tensor deltas = zeros([2, anchors.Boxes.Length, 4], ScalarType.Float64).requires_grad_(true);

        Tensor loss = RetinaNetLoss.Of(
            logits,
            deltas,
            anchors,
            [
                [],
                [],
            ],
            Defaults
        );
        loss.backward();

        double p = 1 / (1 + Math.E);
        AssertClose(anchors.Boxes.Length * 2 * 0.75 * p * p * Math.Log(1 + 1 / Math.E), loss);
        Assert.True(isfinite(logits.grad!).all().ToBoolean());
        Assert.Equal(0, deltas.grad!.abs().sum().ToDouble());
    }

    [Fact]
    public void Loss_FiniteDifferences_AreTheGradient()
    {
        const double Step = 1e-5;
        using DisposeScope scope = NewDisposeScope();
        RetinaNetSettings settings = new() { AnchorScales = 1, AnchorRatios = [1] };
        AnchorGrid anchors = AnchorGrid.Of(32, 32, settings);
        IReadOnlyList<ObjectBox>[] objects =
        [
            [new ObjectBox(new Box(2, 3, 28, 30), 1)],
        ];
        int count = anchors.Boxes.Length;
        double[] values = [.. Enumerable.Range(0, count * 6).Select(i => Math.Sin(7.0 * i))];
        Tensor logits = tensor(values[..(count * 2)], [1, count, 2]).requires_grad_(true);
        Tensor deltas = tensor(values[(count * 2)..], [1, count, 4]).requires_grad_(true);
        RetinaNetLoss.Of(logits, deltas, anchors, objects, settings).backward();
        double[] gradient = [.. logits.grad!.data<double>(), .. deltas.grad!.data<double>()];

        Assert.Contains(gradient[(count * 2)..], value => value != 0);
        Assert.All(Enumerable.Range(0, values.Length), i => Assert.Equal((LossWith(i, Step) - LossWith(i, -Step)) / (2 * Step), gradient[i], 1e-7));

        double LossWith(int index, double shift)
        {
            using DisposeScope inner = NewDisposeScope();
            double[] shifted = [.. values];
            shifted[index] += shift;
            return RetinaNetLoss
                .Of(tensor(shifted[..(count * 2)], [1, count, 2]), tensor(shifted[(count * 2)..], [1, count, 4]), anchors, objects, settings)
                .ToDouble();
        }
    }

    [Fact]
    public void Loss_OneImageOfABatchWithoutObjects_IsTheMeanOfBothImages()
    {
        using DisposeScope scope = NewDisposeScope();
        AnchorGrid anchors = AnchorGrid.Of(Height, Width, Defaults);
        (Tensor logits, Tensor deltas) = (Golden["logits"], Golden["deltas"]);

        double both = RetinaNetLoss.Of(logits[..2], deltas[..2], anchors, [Objects[0], []], Defaults).ToDouble();

        double first = RetinaNetLoss.Of(logits[..1], deltas[..1], anchors, [Objects[0]], Defaults).ToDouble();
        double second = RetinaNetLoss
            .Of(
                logits[1..2],
                deltas[1..2],
                anchors,
                [
                    [],
                ],
                Defaults
            )
            .ToDouble();
        Assert.Equal((first + second) / 2, both, Tolerance * both);
    }

    // With the thresholds 0 and 1, only the best anchor of the object is not ignored.
    [Fact]
    public void Loss_AllOtherAnchorsIgnored_IsThatOfTheBestAnchors()
    {
        using DisposeScope scope = NewDisposeScope();
        RetinaNetSettings settings = new() { ForegroundIou = 1, BackgroundIou = 0 };
        AnchorGrid anchors = AnchorGrid.Of(32, 32, settings);
        IReadOnlyList<ObjectBox>[] objects =
        [
            [new ObjectBox(new Box(1, 2, 30, 31), 0)],
        ];
        int[] matches = AnchorMatcher.Match(anchors.Boxes, objects[0], settings);
        int foreground = matches.Count(match => match == 0);
        Assert.Equal(matches.Length, foreground + matches.Count(match => match == AnchorMatcher.Ignored));
        Tensor logits = zeros([1, matches.Length, 1], ScalarType.Float64);

        (Tensor classification, _) = RetinaNetLoss.Parts(logits, zeros([1, matches.Length, 4], ScalarType.Float64), anchors, objects, settings);

        AssertClose(0.25 * 0.25 * Math.Log(2), classification);
    }

    [Fact]
    public void Loss_OnePixelObjectAtTheCorner_IsFinite()
    {
        using DisposeScope scope = NewDisposeScope();
        AnchorGrid anchors = AnchorGrid.Of(Height, Width, Defaults);
        int count = anchors.Boxes.Length;

        Tensor loss = RetinaNetLoss.Of(
            zeros(1, count, 1),
            zeros(1, count, 4),
            anchors,
            [
                [new ObjectBox(new Box(95, 63, 96, 64), 0)],
            ],
            Defaults
        );

        Assert.True(float.IsFinite(loss.ToSingle()));
    }

    [Theory]
    [InlineData(5, 5, 5, 9, 0)]
    [InlineData(5, 5, 9, 5, 0)]
    [InlineData(9, 5, 5, 9, 0)]
    [InlineData(float.NaN, 5, 9, 9, 0)]
    [InlineData(0, 0, float.PositiveInfinity, 9, 0)]
    [InlineData(5, 5, 9, 9, -1)]
    [InlineData(5, 5, 9, 9, Classes)]
    public void Loss_InvalidObject_ThrowsWithTheImage(float left, float top, float right, float bottom, int label)
    {
        using DisposeScope scope = NewDisposeScope();
        AnchorGrid anchors = AnchorGrid.Of(32, 32, Defaults);
        (Tensor logits, Tensor deltas) = (zeros(2, anchors.Boxes.Length, Classes), zeros(2, anchors.Boxes.Length, 4));
        ObjectBox wrong = new(new Box(left, top, right, bottom), label);

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            RetinaNetLoss.Of(
                logits,
                deltas,
                anchors,
                [
                    [],
                    [wrong],
                ],
                Defaults
            )
        );

        Assert.StartsWith($"Image 1 of the batch has an invalid object: class {label.ToString(CultureInfo.InvariantCulture)} of 5, ", error.Message);
    }

    [Fact]
    public void Loss_PredictionsOfAnotherSize_ThrowsWithBothShapes()
    {
        using DisposeScope scope = NewDisposeScope();

        ArgumentException error = Assert.Throws<ArgumentException>(() =>
            RetinaNetLoss.Of(
                zeros(1, 9, 2),
                zeros(1, 9, 4),
                AnchorGrid.Of(32, 32, Defaults),
                [
                    [],
                ],
                Defaults
            )
        );

        Assert.StartsWith("Logits [1,9,2] and offsets [1,9,4] do not match 1 images with 207 anchors", error.Message);
    }

    private static void AssertClose(double expected, Tensor actual) => Assert.Equal(expected, actual.ToDouble(), Tolerance * expected);
}
