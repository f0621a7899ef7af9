using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;
using Loss = Microsoft.ML.FeatureMining.Losses.CrossEntropyLoss;

namespace Microsoft.ML.FeatureMining.Tests.Losses;

public sealed class CrossEntropyLossTests : IClassFixture<SingleThreadFixture>
{
    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    [InlineData(0.9)]
    public void Compute_HardLabels_EqualsTorchsCrossEntropy(double smoothing)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor logits, _) = Draw(count: 16, classes: 7);
        Tensor labels = tensor(Enumerable.Range(0, 16).Select(i => (long)(i * 5 % 7)).ToArray());

        float loss = new Loss { LabelSmoothing = smoothing }
            .Compute(logits, nn.functional.one_hot(labels, 7).to(ScalarType.Float32))
            .ToSingle();

        Assert.Equal(nn.functional.cross_entropy(logits, labels, label_smoothing: smoothing).ToSingle(), loss, 1e-5f);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.25)]
    public void Compute_SoftTargets_EqualsTorchsCrossEntropy(double smoothing)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor logits, Tensor targets) = Draw(count: 16, classes: 7);

        float loss = new Loss { LabelSmoothing = smoothing }
            .Compute(logits, targets)
            .ToSingle();

        Assert.Equal(nn.functional.cross_entropy(logits, targets, label_smoothing: smoothing).ToSingle(), loss, 1e-5f);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void Gradient_EachLogit_EqualsFiniteDifferences(double smoothing)
    {
        using DisposeScope scope = NewDisposeScope();
        Loss loss = new() { LabelSmoothing = smoothing };
        (Tensor single, Tensor targets) = Draw(count: 3, classes: 4);
        Tensor logits = single.to(ScalarType.Float64).detach().requires_grad_(true);
        targets = targets.to(ScalarType.Float64);
        loss.Compute(logits, targets).backward();
        double[] gradient = logits.grad!.data<double>().ToArray();
        double[] point = logits.detach().data<double>().ToArray();

        const double Step = 1e-5;
        for (int i = 0; i < point.Length; i++)
        {
            double slope = (At(i, Step) - At(i, -Step)) / (2 * Step);
            Assert.Equal(slope, gradient[i], 1e-8);
        }

        double At(int index, double shift)
        {
            double[] moved = [.. point];
            moved[index] += shift;
            return loss.Compute(tensor(moved, [3, 4]), targets).ToDouble();
        }
    }

    [Fact]
    public void Compute_CertainAndRight_IsZero()
    {
        using DisposeScope scope = NewDisposeScope();

        float loss = new Loss().Compute(tensor(new float[] { 100, 0, 0 }, [1, 3]), tensor(new float[] { 1, 0, 0 }, [1, 3])).ToSingle();

        Assert.Equal(0, loss, 1e-6f);
    }

    [Fact]
    public void Compute_HugeLogits_StaysFinite()
    {
        using DisposeScope scope = NewDisposeScope();

        float loss = new Loss { LabelSmoothing = 0.1 }
            .Compute(tensor(new float[] { 1e4f, -1e4f }, [1, 2]), tensor(new float[] { 0, 1 }, [1, 2]))
            .ToSingle();

        Assert.Equal(0.95 * 2e4, loss, 1f);
    }

    private static (Tensor Logits, Tensor Targets) Draw(int count, int classes)
    {
        RandomStream random = new(1, "loss");
        float[] Values() => [.. Enumerable.Range(0, count * classes).Select(_ => (float)random.NextGaussian())];
        return (tensor(Values(), [count, classes]) * 3, nn.functional.softmax(tensor(Values(), [count, classes]), 1));
    }
}
