using System.Runtime.InteropServices;

namespace TorchSharp.Behaviour.Tests;

/// <summary>A mistake of the caller is an exception with libtorch's message, whatever the operation.</summary>
public sealed class BadInputTests
{
    public static TheoryData<string> Operations => [.. Mistakes.Keys];

    private static Dictionary<string, Action> Mistakes { get; } = new()
    {
        ["add"] = () => ones(2).add(ones(3)),
        ["add_"] = () => ones(2).add_(ones(3)),
        ["mm"] = () => ones(2, 3).mm(ones(2, 3)),
        ["bmm"] = () => ones(1, 2, 3).bmm(ones(1, 2, 3)),
        ["view"] = () => ones(4).view(3),
        ["reshape"] = () => ones(4).reshape(3),
        ["permute"] = () => ones(2, 2).permute(0, 0),
        ["expand"] = () => ones(2).expand(3),
        ["cat"] = () => cat(new[] { ones(2, 2), ones(3, 3) }),
        ["stack"] = () => stack(new[] { ones(2), ones(3) }),
        ["sum"] = () => ones(2).sum(5),
        ["mean"] = () => ones(2).mean(new long[] { 5 }),
        ["max"] = () => ones(2).max(5),
        ["topk"] = () => ones(2).topk(5),
        ["softmax"] = () => ones(2).softmax(5),
        ["select"] = () => ones(2).select(0, 5),
        ["narrow"] = () => ones(2).narrow(0, 1, 5),
        ["gather"] = () => ones(2).gather(0, tensor(new[] { 5L })),
        ["index_select"] = () => ones(2).index_select(0, tensor(new[] { 5L })),
        ["index"] = () => ones(2).index(tensor(new[] { 5L })),
        ["masked_fill"] = () => ones(2).masked_fill(ones(3).gt(0), 1),
        ["where"] = () => where(ones(2).gt(0), ones(3), ones(2)),
        ["linear"] = () => nn.functional.linear(ones(2, 3), ones(4, 5)),
        ["conv2d"] = () => nn.functional.conv2d(ones(1, 3, 8, 8), ones(4, 5, 3, 3)),
        ["batch_norm"] = () => nn.functional.batch_norm(ones(2, 3), zeros(4), ones(4)),
        ["cross_entropy"] = () => nn.functional.cross_entropy(ones(2, 3), tensor(new[] { 0L, 7 })),
        ["mse_loss"] = () => nn.functional.mse_loss(ones(2), ones(3)),
        ["max_pool2d"] = () => nn.functional.max_pool2d(ones(3), 2),
        ["backward of a vector"] = () => ones(2, requires_grad: true).mul(2).backward(),
        ["backward without a graph"] = () => ones(1).sum().backward(),
        ["in-place on a leaf"] = () => ones(2, requires_grad: true).add_(1),
        ["integers that require gradients"] = () => ones(2, dtype: ScalarType.Int64).requires_grad = true,
        ["item of a vector"] = () => ones(2).ToScalar(),
        ["a negative size"] = () => zeros(-1),
        ["a size past all memory"] = () => zeros(1L << 60),
    };

    [Theory]
    [MemberData(nameof(Operations))]
    public void Mistake_Operation_ThrowsWithAMessage(string operation)
    {
        var thrown = Assert.Throws<ExternalException>(Mistakes[operation]);

        Assert.NotEmpty(thrown.Message);
    }

    [Fact]
    public void Layers_WrongInput_Throw()
    {
        // 0.99 leaves a convolution's shapes to libtorch.
        Type ofConvolution = Library.IsOld ? typeof(ExternalException) : typeof(ArgumentException);

        Assert.Throws(ofConvolution, () => nn.Conv2d(3, 4, 3).call(ones(1, 5, 8, 8)));
        Assert.Throws<ArgumentException>(() => nn.BatchNorm2d(3).call(ones(1, 3)));
    }
}
