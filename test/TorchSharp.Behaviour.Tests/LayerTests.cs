using TorchSharp.Modules;

namespace TorchSharp.Behaviour.Tests;

/// <summary>Layers against closed forms; the seeded numbers are those of pytorch_numbers.py.</summary>
public sealed class LayerTests
{
    [Fact]
    public void Initialization_Seed_IsPyTorchs()
    {
        manual_seed(0);
        using Linear linear = nn.Linear(2, 2);
        Close.To([-0.005294, 0.379323, -0.581981, -0.520387], linear.weight!);
        Close.To([-0.272345, 0.189616], linear.bias!);

        manual_seed(0);
        using Conv2d conv = nn.Conv2d(1, 1, 2);
        Close.To([-0.003743, 0.268222, -0.411523, -0.36797], conv.weight!);
        Close.To([-0.192577], conv.bias!);
    }

    [Fact]
    public void InitFunctions_Seed_ArePyTorchs()
    {
        manual_seed(0);
        Tensor w = nn.init.kaiming_normal_(empty(2, 2), mode: nn.init.FanInOut.FanOut, nonlinearity: nn.init.NonlinearityType.ReLU);
        Close.To([1.540996, -0.293429, -2.178789, 0.568431], w);
        manual_seed(0);
        Close.To([-0.009169, 0.657007, -1.00802, -0.901338], nn.init.xavier_uniform_(empty(2, 2)));
        Close.To([3, 3], nn.init.constant_(empty(2), 3));
        Close.To([0, 0], nn.init.zeros_(empty(2)));
    }

    [Fact]
    public void Init_OfAParameter_LeavesNoGraph()
    {
        Parameter p = nn.Parameter(empty(2, 2));

        nn.init.normal_(p);

        Assert.True(p.is_leaf);
        Assert.True(p.requires_grad);
    }

    [Fact]
    public void Convolution_Ones_CountsThePixelsUnderTheKernel()
    {
        Tensor x = ones(1, 1, 3, 3), w = ones(1, 1, 3, 3);

        Close.To([4, 6, 4, 6, 9, 6, 4, 6, 4], nn.functional.conv2d(x, w, padding: new long[] { 1, 1 }));
        Close.To([9], nn.functional.conv2d(x, w));
        Close.To([4, 4, 4, 4], nn.functional.conv2d(x, w, strides: new long[] { 2, 2 }, padding: new long[] { 1, 1 }));
        Assert.Equal([1L, 4L, 3L, 3L], nn.Conv2d(2, 4, 3, padding: 1, groups: 2).call(ones(1, 2, 3, 3)).shape);
        Assert.Equal([1L, 4L, 5L, 5L], nn.Conv2d(2, 4, 3, Padding.Same).call(ones(1, 2, 5, 5)).shape);
        Assert.Equal([1L, 4L, 2L, 2L], nn.Conv2d(2, 4, 3, stride: 2, padding: 1).call(ones(1, 2, 4, 4)).shape);
    }

    [Fact]
    public void BatchNorm_TrainingStep_NormalizesAndKeepsStatistics()
    {
        using BatchNorm1d norm = nn.BatchNorm1d(1);
        Tensor x = tensor(new float[] { 1, 3 }, new long[] { 2, 1 });

        Close.To([-1, 1], norm.call(x), 1e-4);

        Close.To([0.2], norm.running_mean!);
        Close.To([0.9 + (0.1 * 2)], norm.running_var!);
        Assert.Equal(1L, norm.num_batches_tracked!.item<long>());
        norm.eval();
        Close.To([(1 - 0.2) / Math.Sqrt(1.1 + 1e-5), (3 - 0.2) / Math.Sqrt(1.1 + 1e-5)], norm.call(x));
        Assert.Equal(1L, norm.num_batches_tracked!.item<long>());
    }

    [Fact]
    public void Pooling_Ramp_ClosedForm()
    {
        Tensor x = arange(16).to(ScalarType.Float32).view(1, 1, 4, 4);

        Close.To([5, 7, 13, 15], nn.MaxPool2d(2).call(x));
        Close.To([2.5, 4.5, 10.5, 12.5], nn.AvgPool2d(2).call(x));
        Close.To([7.5], nn.AdaptiveAvgPool2d(1).call(x));
        Close.To([5, 7, 13, 15], nn.functional.adaptive_max_pool2d(x, new long[] { 2, 2 }));
        Assert.Equal([1L, 1L, 2L, 2L], nn.MaxPool2d(3, stride: 2, padding: 1).call(x).shape);
    }

    [Fact]
    public void Activations_Values_ClosedForm()
    {
        Tensor x = tensor(new float[] { -1, 0, 2 });
        double S(double v) => 1 / (1 + Math.Exp(-v));

        Close.To([0, 0, 2], nn.ReLU().call(x));
        Close.To([S(-1), 0.5, S(2)], nn.Sigmoid().call(x));
        Close.To([-S(-1), 0, 2 * S(2)], nn.SiLU().call(x));
        Close.To([-1, 0, 2], nn.Identity().call(x));
        Close.To([0, 0, 2], nn.ReLU(inplace: true).call(x));
        Close.To([0, 0, 2], x);
    }

    [Fact]
    public void Sequential_NamedSteps_RunInOrder()
    {
        using Sequential net = nn.Sequential(("double", new Scale(2)), ("triple", new Scale(3)));

        Close.To([6, 6], net.call(ones(2)));
        Assert.Equal(["double", "triple"], net.named_children().Select(c => c.name));
        Assert.Equal(2, net.Count);
        Close.To([1, 1], nn.Sequential().call(ones(2)));
    }

    [Fact]
    public void Sequential_Scope_LeavesOnlyTheResult()
    {
        using Sequential net = nn.Sequential(new Scale(2), nn.ReLU(), nn.Flatten());
        using Tensor x = ones(2, 2, 2);
        long before = Tensor.TotalCount;

        using Tensor y = net.call(x);

        Assert.Equal(before + 1, Tensor.TotalCount);
        Assert.Equal([2L, 4L], y.shape);
    }

    private sealed class Scale(float by) : nn.Module<Tensor, Tensor>("Scale")
    {
        public override Tensor forward(Tensor input) => input * by;
    }
}
