namespace TorchSharp.Behaviour.Tests;

/// <summary>The numbers are those of pytorch_numbers.py.</summary>
public sealed class RandomTests
{
    [Fact]
    public void ManualSeed_Draws_ArePyTorchs()
    {
        manual_seed(42);
        Close.To([0.882269, 0.915004, 0.382864], rand(3));
        manual_seed(42);
        Close.To([0.33669, 0.128809, 0.234462], randn(3));
        manual_seed(42);
        Close.To([42, 67, 76, 14], randint(0, 100, new long[] { 4 }));
        manual_seed(42);
        Close.To([2, 4, 3, 0, 1], randperm(5));
    }

    [Fact]
    public void Generator_OwnSeed_LeavesTheDefaultAlone()
    {
        manual_seed(42);
        using var generator = new Generator(7);

        Close.To([0.534923, 0.198803], rand(2, generator: generator));
        Close.To([0.882269, 0.915004, 0.382864], rand(3));
    }

    [Fact]
    public void GeneratorState_SetBack_RepeatsTheDraws()
    {
        using var generator = new Generator(7);
        rand(3, generator: generator);
        Tensor state = generator.get_state();

        Tensor first = rand(3, generator: generator);
        generator.set_state(state);

        Close.Same(first, rand(3, generator: generator), 0);
    }

    [Fact]
    public void InPlaceDraws_Moments_FitTheLaw()
    {
        using var generator = new Generator(5);
        Tensor uniform = empty(100_000).uniform_(2, 4, generator), normal = empty(100_000).normal_(1, 3, generator);

        Assert.Equal(3.0, uniform.mean().item<float>(), 0.02);
        Assert.True(uniform.min().item<float>() >= 2 && uniform.max().item<float>() < 4);
        Assert.Equal(1.0, normal.mean().item<float>(), 0.05);
        Assert.Equal(3.0, normal.std().item<float>(), 0.05);
        Assert.Equal(0.25, empty(100_000).bernoulli_(0.25, generator).mean().item<float>(), 0.01);
    }

    [Fact]
    public void Dropout_Seed_DropsWhatPyTorchDrops()
    {
        manual_seed(3);
        Close.To([2, 2, 0, 2, 0, 0, 2, 2], nn.functional.dropout(ones(8), 0.5));
        Close.Same(ones(8), nn.functional.dropout(ones(8), 0.5, training: false));
    }

    [Fact]
    public void Dropout2d_Channels_GoAsAWhole()
    {
        manual_seed(0);
        Tensor kept = nn.functional.dropout2d(ones(4, 8, 3, 3), 0.5).sum(new long[] { 2, 3 });

        Assert.All(kept.data<float>().ToArray(), sum => Assert.True(sum is 0 or 18));
        Assert.Contains(0f, kept.data<float>().ToArray());
        Assert.Contains(18f, kept.data<float>().ToArray());
    }
}
