using System.Diagnostics;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>A training step in plain TorchSharp without this library's engine: the same as peer.py, on one fixed batch, in the default memory layout.</summary>
internal sealed class TorchSharpLoop : Contestant
{
    private readonly Device _device;
    private readonly ImageNetwork _network;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _images;
    private readonly Tensor _labels;

    public TorchSharpLoop(string network, int side, int batch, Device device)
        : base("TorchSharp loop")
    {
        const int classes = 100;
        _device = device;
        _network = NetworkFactory.Create(network, inputChannels: 3, classes);
        _network.to(device);
        _optimizer = optim.SGD(_network.parameters(), learningRate: 0.1, momentum: 0.9, weight_decay: 1e-4, nesterov: true);
        _images = randn([batch, 3, side, side], device: device);
        _labels = randint(classes, [batch], dtype: ScalarType.Int64, device: device);
        _network.train();
    }

    public override void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
        _images.Dispose();
        _labels.Dispose();
    }

    protected override double[] Run(int steps)
    {
        List<double> seconds = [];
        long turn = Stopwatch.GetTimestamp();
        for (int i = 0; i < steps; i++)
        {
            long began = Stopwatch.GetTimestamp();
            using DisposeScope scope = NewDisposeScope();
            _optimizer.zero_grad();
            Tensor loss = nn.functional.cross_entropy(_network.call(_images), _labels);
            loss.backward();
            _optimizer.step();
            seconds.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        if (_device.type == DeviceType.CPU)
        {
            return [.. seconds];
        }

        cuda.synchronize();
        return [Stopwatch.GetElapsedTime(turn).TotalSeconds / steps];
    }
}
