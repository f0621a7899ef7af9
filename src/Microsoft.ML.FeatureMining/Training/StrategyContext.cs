using System.Globalization;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What a strategy learns of the run that it joins, and what it may ask of it.</summary>
public sealed class StrategyContext
{
    private readonly List<(string Name, nn.Module Module)> _modules = [];
    private readonly HashSet<int> _keptStages = [];
    private readonly string _key;
    private readonly Func<IReadOnlyList<Exit>>? _addExits;

    internal StrategyContext(string key, IReadOnlyList<StageShape> stages, int classCount, Device device, RandomStream random, Func<IReadOnlyList<Exit>>? addExits = null)
    {
        (_key, _addExits) = (key, addExits);
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

    /// <summary>This strategy's own random numbers; a resumed run goes on with them.</summary>
    public RandomStream Random { get; }

    /// <summary>Asks that <see cref="ForwardPass.Stage"/> can give the output of that stage.</summary>
    /// <param name="stage">The stage, from 0.</param>
    public void KeepStage(int stage)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stage);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stage, Stages.Count);
        _keptStages.Add(stage);
    }

    /// <summary>
    /// Adds a module that is trained with the network and thrown away after it. It is initialized, moved to the device and disposed by the run. Its parameters and buffers are part of the checkpoints, so
    /// a strategy keeps there what a resumed run needs.
    /// </summary>
    /// <param name="name">The module's name in the checkpoints, another for each module of the strategy.</param>
    /// <param name="module">The module.</param>
    /// <exception cref="ArgumentException">The strategy has a module of that name.</exception>
    public T AddModule<T>(string name, T module)
        where T : nn.Module
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(module);
        string whole = $"{_key}.{name}";
        if (_modules.Any(added => added.Name == whole))
        {
            throw new ArgumentException($"The strategy '{_key}' adds two modules that are called '{name}'.", nameof(name));
        }

        _modules.Add((whole, module));
        return module;
    }

    /// <summary>
    /// Adds an auxiliary classifier to each stage but the last, trained with the network. The run does not add their losses: call <see cref="KeepStage"/> for <see cref="Exit.Stage"/>, and in
    /// <see cref="StrategyRun.AddLosses"/> <see cref="Exit.Embed"/> of that stage and the exit itself for its logits.
    /// </summary>
    /// <param name="predict">Whether they stay in the model, whose logits are then the mean of all exits' and its own; or else they are thrown away after training.</param>
    /// <returns>The exits, first stage first.</returns>
    /// <exception cref="InvalidDataException">Exits that predict were already added, by another strategy.</exception>
    public IReadOnlyList<Exit> AddExits(bool predict)
    {
        if (predict)
        {
            return _addExits?.Invoke() ?? throw new InvalidOperationException("This network takes no exits.");
        }

        IReadOnlyList<Exit> exits = Exit.All([.. Stages.Select(stage => stage.Channels)], StageShape.Strides(Stages), ClassCount);
        return [.. exits.Select(exit => AddModule(exit.Stage.ToString(CultureInfo.InvariantCulture), exit))];
    }

    internal IReadOnlyList<(string Name, nn.Module Module)> Modules => _modules;

    internal IReadOnlySet<int> KeptStages => _keptStages;
}

/// <summary>The shape of one stage's output for one image.</summary>
/// <param name="Channels">Channels C.</param>
/// <param name="Height">Rows h.</param>
/// <param name="Width">Columns w.</param>
public readonly record struct StageShape(int Channels, int Height, int Width)
{
    /// <summary>From each stage to the next.</summary>
    internal static IReadOnlyList<StageStride> Strides(IReadOnlyList<StageShape> stages) =>
        [.. stages.Zip(stages.Skip(1), (from, to) => new StageStride(Ratio(from.Height, to.Height), Ratio(from.Width, to.Width)))];

    private static int Ratio(int from, int to) => Math.Max((int)Math.Round((double)from / to), 1);
}
