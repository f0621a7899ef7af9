using TorchSharp.Modules;

namespace TorchSharp.Behaviour.Tests;

/// <summary>Three steps on the sum of squares from (1, 2); the numbers are those of pytorch_numbers.py.</summary>
public sealed class OptimizerTests
{
    [Fact]
    public void Sgd_NesterovAndDecay_IsPyTorchs() =>
        Close.To([-0.111651, -0.223302], ThreeSteps(p => optim.SGD(p, 0.1, momentum: 0.9, weight_decay: 0.01, nesterov: true)));

    [Fact]
    public void Adam_Decay_IsPyTorchs() => Close.To([0.701586, 1.700623], ThreeSteps(p => optim.Adam(p, lr: 0.1, weight_decay: 0.01)));

    [Fact]
    public void AdamW_Decay_IsPyTorchs() => Close.To([0.698911, 1.694945], ThreeSteps(p => optim.AdamW(p, lr: 0.1, weight_decay: 0.01)));

    [Fact]
    public void RmsProp_MomentumAndDecay_IsPyTorchs() =>
        Close.To([-0.268257, 0.604120], ThreeSteps(p => optim.RMSProp(p, lr: 0.1, alpha: 0.9, weight_decay: 0.01, momentum: 0.9)));

    [Fact]
    public void RmsProp_Centered_IsPyTorchs() => Close.To([0.323569, 1.245341], ThreeSteps(p => optim.RMSProp(p, lr: 0.1, alpha: 0.9, centered: true)));

    [Fact]
    public void RmsProp_GroupsWithOwnDecay_KeepItAndTakeTheRest()
    {
        Parameter plain = nn.Parameter(ones(1)), decayed = nn.Parameter(ones(1));
        RMSProp.ParamGroup[] groups = [new([plain], new RMSProp.Options { weight_decay = 0 }), new([decayed], new RMSProp.Options { weight_decay = 1 })];
        using RMSProp rmsProp = optim.RMSProp(groups, lr: 0.1, alpha: 0, eps: 1);
        (plain + decayed).sum().backward();

        rmsProp.step();

        // g / (|g| + 1) with g = 1 and g = 1 + 1.
        Close.To([1 - (0.1f / 2)], plain);
        Close.To([1 - (0.2f / 3)], decayed);
        Assert.Equal(2, rmsProp.state_dict().State.Cast<RMSProp.State>().Count(state => state.step == 1));
    }

    [Fact]
    public void StateDict_OfSgd_IsTheMomentumItself()
    {
        Parameter p = nn.Parameter(ones(1));
        using SGD sgd = optim.SGD(new[] { p }, 0.5, momentum: 0.5);
        var state = (SGD.State)Assert.Single(sgd.state_dict().State);
        Assert.Null(state.momentum_buffer);
        (3 * p).sum().backward();
        sgd.step();
        Close.To([3], state.momentum_buffer!);

        state.momentum_buffer = full(1, 10f).DetachFromDisposeScope();
        sgd.step();

        // 1 - 0.5 * 3, then - 0.5 * (0.5 * 10 + 3).
        Close.To([-4.5], p);
    }

    [Fact]
    public void StateDict_OfAdam_HoldsMomentsAndSteps()
    {
        Parameter p = nn.Parameter(ones(1));
        using Adam adam = optim.Adam(new[] { p }, lr: 0.1);
        (3 * p).sum().backward();
        adam.step();

        var state = (Adam.State)Assert.Single(adam.state_dict().State);

        Assert.Equal(1, state.step);
        Close.To([0.3], state.exp_avg);
        Close.To([0.009], state.exp_avg_sq);
    }

    [Fact]
    public void LearningRate_OfAGroup_CanBeSetBetweenSteps()
    {
        Parameter p = nn.Parameter(ones(1));
        using SGD sgd = optim.SGD(new[] { p }, 1);
        p.sum().backward();

        foreach (optim.ILearningRateController group in sgd.ParamGroups) group.LearningRate = 0.25;
        sgd.step();

        Close.To([0.75], p);
    }

    [Fact]
    public void Groups_WithOwnRates_KeepThem()
    {
        Parameter slow = nn.Parameter(ones(1)), fast = nn.Parameter(ones(1));
        using SGD sgd = optim.SGD(new[] { new SGD.ParamGroup(new[] { slow }, lr: 0.1), new SGD.ParamGroup(new[] { fast }, lr: 0.5) }, 1);
        (slow + fast).sum().backward();

        sgd.step();

        Close.To([0.9], slow);
        Close.To([0.5], fast);
    }

    [Fact]
    public void ZeroGrad_Optimizer_LeavesZeros()
    {
        Parameter p = nn.Parameter(ones(2));
        using SGD sgd = optim.SGD(new[] { p }, 1);
        p.sum().backward();

        sgd.zero_grad();

        Tensor? left = p.Gradient();
        Assert.True(left is null || left.abs().sum().item<float>() == 0);
    }

    [Fact]
    public void Step_InAScope_LeavesNoTensors()
    {
        Parameter p = nn.Parameter(ones(2));
        using SGD sgd = optim.SGD(new[] { p }, 0.1, momentum: 0.9);
        Step();
        long before = Tensor.TotalCount;

        for (int i = 0; i < 3; i++) Step();

        Assert.Equal(before, Tensor.TotalCount);

        void Step()
        {
            using DisposeScope scope = NewDisposeScope();
            sgd.zero_grad();
            p.pow(2).sum().backward();
            sgd.step();
        }
    }

    [Fact]
    public void ClipGradNorm_LongGradient_IsShortened()
    {
        Parameter p = nn.Parameter(ones(2));
        (p * tensor(new float[] { 3, 4 })).sum().backward();

        double before = nn.utils.clip_grad_norm_(new[] { p }, 1);

        Assert.Equal(5, before, 1e-5);
        Close.To([0.6, 0.8], p.Gradient()!, 1e-4);
    }

    private static Parameter ThreeSteps(Func<Parameter[], optim.Optimizer> make)
    {
        Parameter p = nn.Parameter(tensor(new float[] { 1, 2 }));
        using optim.Optimizer optimizer = make([p]);
        for (int i = 0; i < 3; i++)
        {
            optimizer.zero_grad();
            p.mul(p).sum().backward();
            optimizer.step();
        }
        return p;
    }
}
