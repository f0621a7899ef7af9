using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Optimizer trajectories of two parameter groups against PyTorch (test/Goldens/make_optimizers.py), in double precision.</summary>
public sealed class OptimizerGoldenTests : IClassFixture<SingleThreadFixture>
{
    private const double Tolerance = 1e-12;

    private static readonly GoldenTensors Golden = new("optimizers", "optimizers.safetensors");

    private static readonly Dictionary<string, Optimizer> Rules = new()
    {
        ["sgd"] = new SgdOptimizer(),
        ["sgd/Nesterov=False"] = new SgdOptimizer { Nesterov = false },
        ["sgd/plain"] = new SgdOptimizer { Momentum = 0, Nesterov = false },
        ["adam"] = new AdamOptimizer(),
        ["adam/other"] = new AdamOptimizer
        {
            Beta1 = 0.5,
            Beta2 = 0.9,
            Epsilon = 0.1,
        },
        ["adamw"] = new AdamWOptimizer(),
        ["adamw/other"] = new AdamWOptimizer
        {
            Beta1 = 0.5,
            Beta2 = 0.9,
            Epsilon = 0.1,
        },
        ["rmsprop"] = new RmsPropOptimizer(),
        ["rmsprop/other"] = new RmsPropOptimizer
        {
            Alpha = 0.9,
            Epsilon = 0.1,
            Momentum = 0.8,
            Centered = true,
        },
        ["rmsprop-tf"] = new RmsPropTfOptimizer(),
        ["rmsprop-tf/other"] = new RmsPropTfOptimizer
        {
            Alpha = 0.99,
            Momentum = 0,
            Epsilon = 1e-10,
        },
    };

    public static TheoryData<string> Names { get; } = [.. Rules.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Step_SixTimes_FollowsPyTorchsTrajectory(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        (Parameter kernel, Parameter bias) = Parameters();
        using OptimizerRun run = Rules[name].Start([new ParameterGroup([kernel], 0.1, 0.05), new ParameterGroup([bias], 1, 0)]);
        double[] rates = Golden.Doubles("rates");
        for (int step = 0; step < rates.Length; step++)
        {
            GiveGradients(run, kernel, bias, step);

            run.Step(rates[step]);

            AssertSame($"{name}/kernel/{step}", kernel);
            AssertSame($"{name}/bias/{step}", bias);
        }

        Assert.Equal(rates.Length, run.Steps);
    }

    [Fact]
    public void Catalog_EveryOptimizer_HasAGolden() =>
        Assert.Equal(OptimizerCatalog.Keys, Rules.Keys.Where(name => !name.Contains('/')).Order(StringComparer.Ordinal));

    private static (Parameter Kernel, Parameter Bias) Parameters() => (nn.Parameter(Golden["kernel"]), nn.Parameter(Golden["bias"]));

    private static void GiveGradients(OptimizerRun run, Parameter kernel, Parameter bias, int step)
    {
        run.Flat.ZeroGradients();
        ((kernel * Golden[$"kernel/gradient/{step}"]).sum() + (bias * Golden[$"bias/gradient/{step}"]).sum()).backward();
    }

    private static void AssertSame(string name, Tensor actual)
    {
        double[] expected = Golden.Doubles(name),
            values = actual.detach().data<double>().ToArray();
        Assert.All(expected.Zip(values), pair => Assert.Equal(pair.First, pair.Second, Tolerance * Math.Max(1, Math.Abs(pair.First))));
    }
}
