using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>Parameters as views of one tensor.</summary>
public sealed class FlatParametersTests
{
    [Fact]
    public void Parameters_OfAnySize_KeepTheirValuesAndStartAt256Bytes()
    {
        using DisposeScope scope = NewDisposeScope();
        Parameter[] parameters = [Of(3), Of(5, 7), Of(), Of(64), Of(2, 3, 3, 3)];
        float[][] before = [.. parameters.Select(TensorAssert.Values)];

        using FlatParameters flat = new(parameters);

        Assert.Equal(before, parameters.Select(TensorAssert.Values));
        Assert.All(Enumerable.Range(0, parameters.Length), i => Assert.Equal(0, flat.Start(i) % 64));
        Assert.Equal(flat.Weights.numel(), flat.Start(parameters.Length));
        Assert.Equal(before.Sum(values => values.Sum(value => (double)value)), flat.Weights.sum(ScalarType.Float64).item<double>(), 1e-4);
    }

    [Fact]
    public void Step_GroupsOfOddSizes_UsesTheRateOfEachGroup()
    {
        using DisposeScope scope = NewDisposeScope();
        ParameterGroup[] groups = [new([Of(3), Of(5)], 1, 0), new([Of(70_000), Of(1)], 0.5, 0)];
        Parameter[] parameters = [.. groups.SelectMany(group => group.Parameters)];
        float[][] before = [.. parameters.Select(TensorAssert.Values)];
        using OptimizerRun run = new SgdOptimizer { Momentum = 0, Nesterov = false }.Start(groups);
        foreach (Parameter parameter in parameters)
        {
            parameter.grad!.fill_(2);
        }

        run.Step(0.1);

        Assert.All(
            parameters.Zip(before).Index(),
            entry =>
                Assert.All(
                    TensorAssert.Values(entry.Item.First).Zip(entry.Item.Second),
                    pair => Assert.Equal(pair.Second - (entry.Index < 2 ? 0.2f : 0.1f), pair.First, 1e-6f)
                )
        );
    }

    private static Parameter Of(params long[] shape) => nn.Parameter(randn(shape, ScalarType.Float32, CPU));
}
