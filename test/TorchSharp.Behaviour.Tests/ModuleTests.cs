using TorchSharp.Modules;

namespace TorchSharp.Behaviour.Tests;

public sealed class ModuleTests
{
    [Fact]
    public void Fields_Registered_CarryTheirNames()
    {
        using var block = new Block();

        Assert.Equal(
            ["conv.weight", "bn.weight", "bn.bias", "head.0.weight", "head.0.bias", "stages.0.weight", "stages.0.bias"],
            block.named_parameters().Select(p => p.name).Where(n => n != "scale"));
        Assert.Contains("scale", block.state_dict().Keys);
        Assert.Equal(
            ["bn.num_batches_tracked", "bn.running_mean", "bn.running_var", "table"],
            block.named_buffers().Select(b => b.name).Order());
        Assert.Equal(["bn", "conv", "head", "stages"], block.named_children().Select(c => c.name).Order());
        Assert.Contains("head.0", block.named_modules().Select(m => m.name));
        Assert.Equal(block.parameters().Count() + block.buffers().Count(), block.state_dict().Count);
    }

    [Fact]
    public void State_OfAnother_MakesTheSameNet()
    {
        using Block a = new(), b = new();
        a.eval();
        b.eval();
        Tensor x = rand(2, 3, 4, 4);
        Assert.False(a.call(x).allclose(b.call(x)));

        (IList<string> missing, IList<string> unexpected) = b.load_state_dict(a.state_dict());

        Assert.Empty(missing);
        Assert.Empty(unexpected);
        Assert.True(a.call(x).allclose(b.call(x)));
    }

    [Fact]
    public void State_OfAnotherShapeOrName_IsRefused()
    {
        using Block a = new();
        Dictionary<string, Tensor> state = a.state_dict();
        state.Remove("bn.bias");
        state["extra"] = ones(1);

        Assert.Throws<InvalidOperationException>(() => a.load_state_dict(state));
        (IList<string> missing, IList<string> unexpected) = a.load_state_dict(state, strict: false);
        Assert.Equal(["bn.bias"], missing);
        Assert.Equal(["extra"], unexpected);
    }

    [Fact]
    public void Train_OnTheWhole_ReachesEveryPart()
    {
        using Block block = new();
        Assert.True(block.training);

        block.eval();
        // In 0.99 a Sequential has no state of its own.
        nn.Module[] parts = [.. block.modules().Where(m => !Library.IsOld || m is not Sequential)];
        Assert.NotEmpty(parts);
        Assert.All(parts, m => Assert.False(m.training));
        block.train();
        Assert.All(parts, m => Assert.True(m.training));
    }

    [Fact]
    public void To_AnotherType_TurnsParametersAndBuffers()
    {
        using Block block = new();
        block.conv.weight!.sum().backward();

        block.to(ScalarType.Float64);

        Assert.All(block.parameters(), p => Assert.Equal(ScalarType.Float64, p.dtype));
        Assert.Equal(ScalarType.Float64, block.bn.running_mean!.dtype);
        if (!Library.IsOld)
        {
            // 0.99 turns the counter too, and leaves gradients as they are.
            Assert.Equal(ScalarType.Int64, block.bn.num_batches_tracked!.dtype);
            Assert.Equal(ScalarType.Float64, block.conv.weight!.Gradient()!.dtype);
        }
        Assert.All(block.parameters(), p => Assert.True(p.requires_grad));
        Assert.Equal(ScalarType.Float64, block.call(rand(2, 3, 4, 4, dtype: ScalarType.Float64)).dtype);
    }

    [Fact]
    public void Registration_NamesTwiceOrBad_IsRefused()
    {
        using Block block = new();

        Assert.ThrowsAny<Exception>(() => block.register_module("conv", nn.Identity()));
        Assert.Throws<ArgumentException>(() => block.register_module("a.b", nn.Identity()));
        Assert.ThrowsAny<Exception>(() => block.register_buffer("table", ones(1)));
    }

    [Fact]
    public void Hooks_AroundForward_SeeAndChangeValues()
    {
        using Identity identity = nn.Identity();
        var seen = new List<float>();
        var before = identity.register_forward_pre_hook((_, x) => x + 1);
        var after = identity.register_forward_hook((_, x, y) =>
        {
            seen.Add(x.sum().item<float>());
            return y * 10;
        });

        Close.To([20, 20], identity.call(ones(2)));
        before.remove();
        after.remove();

        Close.To([1, 1], identity.call(ones(2)));
        Assert.Equal([4f], seen);
    }

    [Fact]
    public void Dispose_Module_FreesWhatItOwns()
    {
        Block block = new();
        Tensor[] owned = [.. block.parameters(), .. block.buffers()];
        Assert.All(owned, t => Assert.False(t.IsInvalid));

        block.Dispose();

        Assert.All(owned, t => Assert.True(t.IsInvalid));
    }

    [SkippableFact]
    public void Module_MadeInAScope_OutlivesIt()
    {
        Skip.If(Library.IsOld, "0.99 leaves parameters in the scope: modules must be made outside of any");
        Linear linear;
        using (NewDisposeScope()) linear = nn.Linear(2, 2);

        Assert.Equal([1L, 2L], linear.call(ones(1, 2)).shape);
        linear.Dispose();
    }

    [Fact]
    public void ZeroGrad_Module_ForgetsGradients()
    {
        using Linear linear = nn.Linear(2, 1);
        linear.call(ones(1, 2)).sum().backward();
        Assert.NotNull(linear.weight!.Gradient());

        linear.zero_grad();

        Tensor? left = linear.weight!.Gradient();
        Assert.True(left is null || left.abs().sum().item<float>() == 0);
    }

    private sealed class Block : nn.Module<Tensor, Tensor>
    {
        internal readonly Conv2d conv;
        internal readonly BatchNorm2d bn;
        private readonly Sequential head;
        private readonly ModuleList<nn.Module<Tensor, Tensor>> stages;
        private readonly Parameter scale;
        private readonly Tensor table;

        internal Block()
            : base("Block")
        {
            conv = nn.Conv2d(3, 4, 3, padding: 1, bias: false);
            bn = nn.BatchNorm2d(4);
            head = nn.Sequential(nn.Linear(4, 2), nn.ReLU());
            stages = new ModuleList<nn.Module<Tensor, Tensor>>(nn.Linear(2, 2));
            scale = nn.Parameter(ones(1));
            table = arange(3);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using Tensor pooled = bn.call(conv.call(input)).mean(new long[] { 2, 3 });
            return stages[0].call(head.call(pooled)) * scale;
        }
    }
}
