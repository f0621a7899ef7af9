using Microsoft.ML.FeatureMining.Augmentation.Engine;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Pixels;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// Trained networks that a strategy learns from, in evaluation mode (<see cref="StrategyContext.LoadTeacher"/>). Each network has its own normalization, input
/// size and order of classes; batches are converted to them.
/// </summary>
public sealed class Teacher : IDisposable
{
    private readonly IReadOnlyList<TeacherNetwork> _networks;

    internal Teacher(IReadOnlyList<TeacherNetwork> networks) => _networks = networks;

    /// <summary>
    /// The mean over the networks of softmax(logits / T), [N,K], in the order of the training set's classes, without gradient. The networks of an ensemble are
    /// weighted with their weights.
    /// </summary>
    /// <param name="images">The images of a batch (<see cref="Batch.Images"/>), normalized for the network in training, [N,C,H,W].</param>
    /// <param name="temperature">The temperature T, above 0.</param>
    public Tensor Probabilities(Tensor images, double temperature)
    {
        ArgumentNullException.ThrowIfNull(images);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return _networks
            .Select(network => network.Logits(images).Div(temperature).softmax(1).Mul(network.Weight))
            .Aggregate((sum, next) => sum.Add(next))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Releases the memory of the networks. The run of the strategy does this when it ends.</summary>
    public void Dispose()
    {
        foreach (TeacherNetwork network in _networks)
        {
            network.Dispose();
        }
    }
}

/// <summary>One network of a teacher.</summary>
internal sealed class TeacherNetwork : IDisposable
{
    private readonly ImageNetwork _network;
    private readonly ImageShape _input;
    private readonly Tensor _scale; // [1,C,1,1]
    private readonly Tensor _shift; // [1,C,1,1]
    private readonly Tensor _order; // [K]

    /// <param name="network">The network, on the device of the batches.</param>
    /// <param name="input">The shape of its input.</param>
    /// <param name="own">The statistics that its input is normalized by.</param>
    /// <param name="student">The statistics that batches are normalized by.</param>
    /// <param name="order">For each class of the training set, its index in the network's output.</param>
    /// <param name="weight">The weight of its probabilities; those of all networks sum to 1.</param>
    /// <param name="device">The device of the batches.</param>
    public TeacherNetwork(
        ImageNetwork network,
        ImageShape input,
        ChannelStatistics own,
        ChannelStatistics student,
        IReadOnlyList<int> order,
        double weight,
        Device device
    )
    {
        (_network, _input, Weight) = (network, input, weight);
        using DisposeScope scope = NewDisposeScope();
        float[] scale = [.. own.Std.Zip(student.Std, (mine, theirs) => Divisor(theirs) / Divisor(mine))];
        float[] shift = [.. own.Mean.Zip(student.Mean, (mine, theirs) => theirs - mine).Zip(own.Std, (difference, mine) => difference / Divisor(mine))];
        _scale = scale.Upload(device, 1, scale.Length, 1, 1).DetachFromDisposeScope();
        _shift = shift.Upload(device, 1, shift.Length, 1, 1).DetachFromDisposeScope();
        _order = ((long[])[.. order.Select(index => (long)index)]).Upload(device).DetachFromDisposeScope();
    }

    public double Weight { get; }

    /// <summary>The logits [N,K] in the order of the training set's classes.</summary>
    public Tensor Logits(Tensor images)
    {
        Tensor converted = images.mul(_scale).Add(_shift);
        bool same = images.shape[2] == _input.Height && images.shape[3] == _input.Width;
        Tensor resized = same ? ChannelsLast.Of(converted) : AntialiasedResize.Apply(converted, _input.Height, _input.Width);
        return _network.call(resized).index_select(1, _order);
    }

    public void Dispose()
    {
        _network.Dispose();
        _scale.Dispose();
        _shift.Dispose();
        _order.Dispose();
    }

    // Normalization does not divide by a standard deviation of 0.
    private static float Divisor(float std) => std > 0 ? std : 1;
}
