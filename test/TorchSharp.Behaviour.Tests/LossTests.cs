namespace TorchSharp.Behaviour.Tests;

/// <summary>Losses against closed forms; two numbers are those of pytorch_numbers.py.</summary>
public sealed class LossTests
{
    private static Tensor Logits => arange(6).to(ScalarType.Float32).view(2, 3);

    [Fact]
    public void CrossEntropy_HardAndSoftTargets_Match()
    {
        double perfect = Math.Log(1 + Math.Exp(-1) + Math.Exp(-2));
        Tensor classes = tensor(new[] { 0L, 2 });

        Assert.Equal((perfect + 2 + perfect) / 2, nn.functional.cross_entropy(Logits, classes).ToDouble(), 1e-5);
        Assert.Equal(1.407606, nn.functional.cross_entropy(Logits, classes, label_smoothing: 0.1).ToDouble(), 1e-5);
        Tensor mixed = tensor(new[] { 0.5f, 0.5f, 0, 0, 0, 1 }, new long[] { 2, 3 });
        Assert.Equal(1.157606, nn.functional.cross_entropy(Logits, mixed).ToDouble(), 1e-5);
        Close.To([perfect + 2, perfect], nn.functional.cross_entropy(Logits, classes, reduction: nn.Reduction.None));
        Assert.Equal(perfect, nn.functional.cross_entropy(Logits, tensor(new[] { 1L, 2 }), ignore_index: 1).ToDouble(), 1e-5);
        using var module = new TorchSharp.Modules.CrossEntropyLoss(label_smoothing: 0.1);
        Assert.Equal(1.407606, module.call(Logits, classes).ToDouble(), 1e-5);
    }

    [Fact]
    public void NllAndKl_LogProbabilities_ClosedForm()
    {
        Tensor log = tensor(new[] { 0.25f, 0.75f }, new long[] { 1, 2 }).log();
        Tensor target = tensor(new[] { 0.5f, 0.5f }, new long[] { 1, 2 });

        Assert.Equal(-Math.Log(0.75), nn.functional.nll_loss(log, tensor(new[] { 1L })).ToDouble(), 1e-5);
        double divergence = (0.5 * Math.Log(0.5 / 0.25)) + (0.5 * Math.Log(0.5 / 0.75));
        Assert.Equal(divergence, nn.functional.kl_div(log, target, log_target: false, reduction: nn.Reduction.Sum).ToDouble(), 1e-5);
        Assert.Equal(divergence, nn.functional.kl_div(log, target.log(), log_target: true, reduction: nn.Reduction.Sum).ToDouble(), 1e-5);
    }

    [Fact]
    public void SquaredAndBinary_ClosedForm()
    {
        Assert.Equal(2.5, nn.functional.mse_loss(tensor(new float[] { 1, 2 }), tensor(new float[] { 0, 0 })).ToDouble(), 1e-6);
        Tensor x = tensor(new float[] { 0, 1 }), y = tensor(new float[] { 1, 0 });
        double each = Math.Log(2), other = Math.Log(1 + Math.E);
        Assert.Equal((each + other) / 2, nn.functional.binary_cross_entropy_with_logits(x, y).ToDouble(), 1e-5);
        Tensor weights = tensor(new float[] { 2, 1 });
        Assert.Equal(((2 * each) + other) / 2, nn.functional.binary_cross_entropy_with_logits(x, y, pos_weights: weights).ToDouble(), 1e-5);
    }

    [Fact]
    public void OneHotAndCosine_ClosedForm()
    {
        Close.To([1, 0, 0, 0, 0, 1], nn.functional.one_hot(tensor(new[] { 0L, 2 }), 3));
        Tensor a = tensor(new float[] { 3, 4 }, new long[] { 1, 2 }), b = tensor(new float[] { 4, 3 }, new long[] { 1, 2 });
        Close.To([24.0 / 25], nn.functional.cosine_similarity(a, b));
    }
}
