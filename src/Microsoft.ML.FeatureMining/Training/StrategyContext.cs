using Microsoft.ML.FeatureMining.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What a strategy learns of the run that it joins, and what it may ask of it.</summary>
public sealed class StrategyContext
{
    private readonly List<(string Name, nn.Module Module)> _modules = [];
    private readonly HashSet<int> _keptStages = [];
    private readonly string _key;

    internal StrategyContext(string key, IReadOnlyList<StageShape> stages, int classCount, Device device, RandomStream random)
    {
        _key = key;
        Stages = stages;
        ClassCount = classCount;
        Device = device;
        Random = random;
    }

    /// <summary>The shape of each stage's output for one image, first to last.</summary>
    public IReadOnlyList<StageShape> Stages { get; }

    /// <summary>The number of classes K.</summary>
    public int ClassCount { get; }

    /// <summary>Where batches, network and added modules live.</summary>
    public Device Device { get; }

    /// <summary>This strategy's own random numbers.</summary>
    public RandomStream Random { get; }

    /// <summary>Asks that <see cref="ForwardPass.Stage"/> can give the output of that stage.</summary>
    public void KeepStage(int stage)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stage);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stage, Stages.Count);
        _keptStages.Add(stage);
    }

    /// <summary>Adds a module that is trained with the network and thrown away after it. It is initialized, moved to the device and disposed by the run.</summary>
    public T AddModule<T>(string name, T module)
        where T : nn.Module
    {
        ArgumentNullException.ThrowIfNull(module);
        _modules.Add(($"{_key}.{name}", module));
        return module;
    }

    internal IReadOnlyList<(string Name, nn.Module Module)> Modules => _modules;

    internal IReadOnlySet<int> KeptStages => _keptStages;
}
