using System.Diagnostics;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>How long a network takes for one image on this machine, in seconds.</summary>
/// <param name="Forward">Scoring.</param>
/// <param name="Step">Forward and backward pass of a training step.</param>
/// <param name="Parameters">The number of parameters of the backbone.</param>
internal readonly record struct StepTimes(double Forward, double Step, long Parameters)
{
    private const int Repetitions = 2;

    // The side of the images that the times are for; they grow with the number of pixels.
    private const int Side = 128;

    // Enough to measure. A GPU takes as long for fewer or smaller ones.
    private static readonly (int Images, int Side) OnCpu = (8, Side),
        OnGpu = (64, 224);

    /// <summary>Measures the times for images of 128 pixels.</summary>
    public static StepTimes Measure(string backbone, Device device, Precision precision = Precision.Float32)
    {
        (int images, int side) = device.type == DeviceType.CPU ? OnCpu : OnGpu;
        while (true)
        {
            try
            {
                return Measure(backbone, device, precision, images, side);
            }
            catch (Exception e) when (OutOfMemory.Matches(e) && images > 1)
            {
                images /= 2;
            }
        }
    }

    private static StepTimes Measure(string backbone, Device device, Precision precision, int count, int side)
    {
        using TorchScope scope = new(gradients: true);
        using TensorFloat32Scope? rounding = precision == Precision.TensorFloat32 ? new() : null;
        using DisposeScope tensors = NewDisposeScope();
        using ImageNetwork network = NetworkFactory.Create(backbone, inputChannels: 3, classes: 2);
        network.to(device);
        ChannelsLast.Apply(network);
        double scale = (double)(Side * Side) / (side * side * count);
        Tensor images = ones([count, 3, side, side], ScalarType.Float32, device); // random numbers would come from the generator of the program
        network.eval();
        double forward = Seconds(() =>
        {
            using IDisposable noGrad = no_grad();
            network.call(images).sum().cpu();
        });
        network.train();
        using FlatParameters flat = new([.. network.parameters()]);
        using Backbone? copy =
            precision == Precision.BFloat16
                ? new BFloat16Backbone(network.Backbone, NetworkFactory.CreateBackbone(backbone, inputChannels: 3, seed: 0), flat)
                : null;
        Backbone trained = copy ?? network.Backbone;
        trained.train();
        double step = Seconds(() =>
        {
            IEnumerable<Tensor> stages = trained.LastStages(images, network.Head.Stages).Select(features => features.to(ScalarType.Float32));
            network.Head.call(network.Head.Embed([.. stages])).sum().backward();
            flat.CollectGradients();
            flat.Gradients.sum().cpu();
        });
        return new StepTimes(forward * scale, step * scale, network.Backbone.parameters().Sum(parameter => parameter.numel()));
    }

    /// <summary>The times for images of that size.</summary>
    public StepTimes At(int height, int width)
    {
        double ratio = (double)height * width / (Side * Side);
        return this with { Forward = Forward * ratio, Step = Step * ratio };
    }

    // The fastest repetition, without the first, which also allocates memory.
    private static double Seconds(Action act)
    {
        double fastest = double.PositiveInfinity;
        for (int i = 0; i <= Repetitions; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            long began = Stopwatch.GetTimestamp();
            act();
            fastest = i == 0 ? fastest : Math.Min(fastest, Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        return fastest;
    }
}
