using System.Diagnostics;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Benchmarks;

/// <summary>
/// Complete steps of this library: a real Fit, including loader, crop, flip, normalization and metrics. It is paused between two steps until its turn.
/// </summary>
internal sealed class TrainingStep : Contestant
{
    private readonly SemaphoreSlim _turn = new(0);
    private readonly SemaphoreSlim _done = new(0);
    private readonly List<double> _seconds = [];
    private readonly Device _device;
    private readonly Thread _thread;
    private int _left;
    private bool _quit;
    private long _began;
    private Exception? _failure;

    public TrainingStep(
        string name,
        string backbone,
        int side,
        int batch,
        Device device,
        Precision precision = Precision.Float32,
        params IReadOnlyList<TrainingStrategy> strategies
    )
        : base(name)
    {
        // On a GPU, the end of an epoch waits for the device.
        ImageSet set = Noise.Images(batch * (device.type == DeviceType.CPU || side > 64 ? 16 : 256), side);
        TrainingRecipe recipe = new()
        {
            Backbone = backbone,
            Input = set.Shape,
            BatchSize = batch,
            Epochs = 1_000_000,
            Strategies = strategies,
            Precision = precision,
        };
        _device = device;
        _thread = new Thread(() => Fit(recipe, set));
        _thread.Start();
        _done.Wait();
    }

    public override void Dispose()
    {
        _quit = true;
        _turn.Release();
        _thread.Join();
    }

    protected override double[] Run(int steps)
    {
        _seconds.Clear();
        _left = steps;
        _turn.Release();
        _done.Wait();
        if (_failure is null && _device.type != DeviceType.CPU)
        {
            return [_seconds.Sum() / steps];
        }

        return _failure is null ? [.. _seconds] : throw new InvalidOperationException("The run failed.", _failure);
    }

    private void Fit(TrainingRecipe recipe, ImageSet set)
    {
        try
        {
            TrainingEngine.Fit(recipe, set, validation: null, new TrainingHost(_device) { IsCanceled = BetweenSteps });
        }
        catch (Exception e)
        {
            _failure = e;
            _done.Release();
        }
    }

    private bool BetweenSteps()
    {
        if (_left == 1 && _device.type != DeviceType.CPU)
        {
            cuda.synchronize(); // steps are asynchronous
        }

        if (_left > 0)
        {
            _seconds.Add(Stopwatch.GetElapsedTime(_began).TotalSeconds);
            _left--;
        }

        if (_left == 0)
        {
            _done.Release();
            _turn.Wait();
        }

        _began = Stopwatch.GetTimestamp();
        return _quit;
    }
}
