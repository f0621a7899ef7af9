using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// The exponential moving average (EMA) of a network's weights and running statistics, in a second network: a = decay * a + (1 - decay) * w after each step,
/// starting at a = w. TorchSharp has no AveragedModel.
/// </summary>
/// <typeparam name="TNetwork">The type of the network.</typeparam>
internal sealed class WeightAverage<TNetwork> : IDisposable
    where TNetwork : nn.Module, INamedState
{
    private readonly TNetwork _source;
    private readonly double _decay;

    /// <param name="source">The network to average.</param>
    /// <param name="average">A network with the same architecture on the same device, which stores the average; this object disposes it.</param>
    /// <param name="decay">Between 0 and 1.</param>
    public WeightAverage(TNetwork source, TNetwork average, double decay)
    {
        (_source, Network, _decay) = (source, average, decay);
        Restart();
    }

    /// <summary>The network with the averaged weights.</summary>
    public TNetwork Network { get; }

    /// <summary>Sets a = w.</summary>
    public void Restart() => ForEach((mean, value) => mean.copy_(value));

    /// <summary>Updates the average after a step. BatchNorm's batch counters are integers and are copied.</summary>
    public void Update() =>
        ForEach(
            (mean, value) =>
            {
                if (is_floating_point(value.dtype))
                {
                    mean.Mul_(_decay).Add_(value, 1 - _decay);
                }
                else
                {
                    mean.copy_(value);
                }
            }
        );

    public void Dispose() => Network.Dispose();

    private void ForEach(Action<Tensor, Tensor> act)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        foreach (((_, Tensor mean), (_, Tensor value)) in Network.NamedState().Zip(_source.NamedState()))
        {
            act(mean, value);
        }
    }
}
