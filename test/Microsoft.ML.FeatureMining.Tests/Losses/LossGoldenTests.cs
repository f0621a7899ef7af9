using System.Globalization;
using Microsoft.ML.FeatureMining.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Losses;

/// <summary>Compares values and gradients with test/Goldens/make_losses.py: relative error 1e-5, in single precision as in training.</summary>
public sealed class LossGoldenTests : IClassFixture<SingleThreadFixture>
{
    private const double Tolerance = 1e-5;

    private static readonly GoldenTensors Golden = new("losses", "losses.safetensors");

    [Theory]
    [InlineData("hard", 0)]
    [InlineData("hard", 0.1)]
    [InlineData("soft", 0)]
    [InlineData("soft", 0.1)]
    public void PositiveClass_EachTarget_IsTheEquation(string targets, double smoothing) =>
        AssertSame(new PositiveClassLoss { LabelSmoothing = smoothing }, targets, $"positive-class/{targets}/{Text(smoothing)}");

    [Theory]
    [InlineData("hard", 0)]
    [InlineData("hard", 0.5)]
    [InlineData("hard", 2)]
    [InlineData("soft", 0)]
    [InlineData("soft", 0.5)]
    [InlineData("soft", 2)]
    public void Focal_EachTarget_IsTheEquation(string targets, double gamma) =>
        AssertSame(new FocalLoss { Gamma = gamma }, targets, $"focal/{targets}/{Text(gamma)}");

    [Theory]
    [InlineData(0.25, 2)]
    [InlineData(0.75, 0.5)]
    [InlineData(0.5, 0)]
    public void BinaryFocal_ManyLabels_IsTorchvisions(double alpha, double gamma) =>
        AssertSame(new BinaryFocalLoss { Alpha = alpha, Gamma = gamma }, "many", $"binary-focal/{Text(alpha)}/{Text(gamma)}");

    [Fact]
    public void BinaryCrossEntropy_NoWeights_IsPyTorchs() => AssertSame(new BinaryCrossEntropyLoss(), "many", "binary-cross-entropy/plain");

    [Fact]
    public void BinaryCrossEntropy_PositiveWeights_IsPyTorchs()
    {
        using DisposeScope scope = NewDisposeScope();
        double[] weights = [.. TensorAssert.Values(Golden["positive-weights"]).Select(weight => (double)weight)];

        AssertSame(new BinaryCrossEntropyLoss { PositiveWeights = weights }, "many", "binary-cross-entropy/weighted");
    }

    [Theory]
    [InlineData("hard", 0)]
    [InlineData("hard", 0.1)]
    [InlineData("soft", 0)]
    [InlineData("soft", 0.1)]
    public void CrossEntropy_ClassWeights_IsPyTorchs(string targets, double smoothing)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] weights = [.. TensorAssert.Values(Golden["positive-weights"]).Select(weight => (double)weight)];

        AssertSame(new CrossEntropyLoss { ClassWeights = weights, LabelSmoothing = smoothing }, targets, $"cross-entropy/{targets}/{Text(smoothing)}");
    }

    [Fact]
    public void CrossEntropy_WrongNumberOfClassWeights_IsRejected()
    {
        using DisposeScope scope = NewDisposeScope();

        Exception error = Assert.Throws<InvalidOperationException>(() => new CrossEntropyLoss { ClassWeights = [1, 2] }.Compute(zeros(3, 4), zeros(3, 4)));

        Assert.Contains("2 weights for 4 classes", error.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void CrossEntropy_InvalidClassWeight_IsRejected(double weight) =>
        Assert.Contains("above 0 and finite", Assert.Single(new CrossEntropyLoss { ClassWeights = [1, weight] }.Problems()));

    [Fact]
    public void Balance_Counts_GivesNegativesToPositives() => Assert.Equal([3, 1, 1, 1.0 / 3, 1], BinaryCrossEntropyLoss.Balance([2, 4, 0, 6, 8], 8));

    [Fact]
    public void Balance_NoClasses_GivesNoWeights() => Assert.Empty(BinaryCrossEntropyLoss.Balance([], 0));

    [Fact]
    public void Balance_Null_IsRejected() =>
        Assert.Equal("positives", Assert.Throws<ArgumentNullException>(() => BinaryCrossEntropyLoss.Balance(null!, 8)).ParamName);

    [Fact]
    public void Balance_MoreImagesOfAClassThanImages_IsRejected() =>
        Assert.Equal("images", Assert.Throws<ArgumentOutOfRangeException>(() => BinaryCrossEntropyLoss.Balance([2, 4, 0, 6, 9], 8)).ParamName);

    [Fact]
    public void IsMultilabel_IsOfTheBinaryLosses() =>
        Assert.Equal(["binary-cross-entropy", "binary-focal"], LossCatalog.Keys.Where(key => LossCatalog.Create(key).IsMultilabel));

    [Fact]
    public void BinaryCrossEntropy_WrongNumberOfWeights_IsRejected()
    {
        using DisposeScope scope = NewDisposeScope();

        Exception error = Assert.Throws<InvalidOperationException>(() =>
            new BinaryCrossEntropyLoss { PositiveWeights = [1, 2] }.Compute(zeros(3, 4), zeros(3, 4))
        );

        Assert.Contains("2 weights for 4 classes", error.Message);
    }

    private static void AssertSame(ClassificationLoss loss, string targets, string name)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Golden["logits"].requires_grad_(true);

        Tensor value = loss.Compute(logits, Golden[targets].to(ScalarType.Float32));
        value.backward();

        double expected = Golden.Doubles($"{name}/value")[0];
        Assert.Equal(expected, value.ToSingle(), Tolerance * expected);
        TensorAssert.Close(Golden[$"{name}/gradient"], logits.grad!, Tolerance, name);
    }

    private static string Text(double value) =>
        value == Math.Floor(value) ? value.ToString("0.0", CultureInfo.InvariantCulture) : value.ToString(CultureInfo.InvariantCulture);
}
