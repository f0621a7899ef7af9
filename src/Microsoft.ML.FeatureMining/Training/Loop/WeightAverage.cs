using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>
/// The exponential moving average of a network's weights and running statistics, in a network of its own, as TorchSharp has no AveragedModel: a = decay * a + (1 - decay) * w after each step, from a = w.
/// </summary>
internal sealed class WeightAverage : IDisposable
{
    private readonly ImageNetwork _source;
    private readonly double _decay;

    /// <param name="source">What is averaged.</param>
    /// <param name="average">One of the same form on the same device; owned from here on.</param>
    /// <param name="decay">Between 0 and 1.</param>
    public WeightAverage(ImageNetwork source, ImageNetwork average, double decay)
    {
        (_source, Network, _decay) = (source, average, decay);
        ForEach((mean, value) => mean.copy_(value));
    }

    /// <summary>The average.</summary>
    public ImageNetwork Network { get; }

    /// <summary>Takes in the weights as they are after a step. BatchNorm's counters of batches have no mean: they are copied.</summary>
    public void Update() => ForEach((mean, value) =>
    {
        if (is_floating_point(value.dtype))
        {
            mean.Mul_(_decay).Add_(value, 1 - _decay);
        }
        else
        {
            mean.copy_(value);
        }
    });

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
