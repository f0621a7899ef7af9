using System.Globalization;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Randomness;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Gives a strategy information about its run and lets it add modules and keep features.</summary>
public sealed class StrategyContext
{
    private readonly List<(string Name, nn.Module Module)> _modules = [];
    private readonly HashSet<int> _keptStages = [];
    private readonly string _key;
    private readonly Func<IReadOnlyList<Exit>>? _addExits;
    private readonly Func<IReadOnlyList<string>, Teacher>? _loadTeacher;
    private readonly Action<string>? _warn;

    internal StrategyContext(
        string key,
        IReadOnlyList<StageShape> stages,
        int classCount,
        Device device,
        RandomStream random,
        Func<IReadOnlyList<Exit>>? addExits = null,
        Func<IReadOnlyList<string>, Teacher>? loadTeacher = null,
        Action<string>? warn = null
    )
    {
        (_key, _addExits, _loadTeacher, _warn) = (key, addExits, loadTeacher, warn);
        Stages = stages;
        ClassCount = classCount;
        Device = device;
        Random = random;
    }

    /// <summary>
    /// The shape of each stage's output for one image of the full size, first to last. With <see cref="TrainingOptions.ProgressiveResizing"/>, the outputs of
    /// the first epochs are smaller.
    /// </summary>
    public IReadOnlyList<StageShape> Stages { get; }

    /// <summary>The number of classes K.</summary>
    public int ClassCount { get; }

    /// <summary>The device of batches, network and added modules.</summary>
    public Device Device { get; }

    /// <summary>The random stream of this strategy. Its state is saved in checkpoints.</summary>
    public RandomStream Random { get; }

    /// <summary>Keeps the output of a stage in each forward pass, for <see cref="ForwardPass.Stage"/>.</summary>
    /// <param name="stage">The stage, from 0.</param>
    public void KeepStage(int stage)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(stage);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(stage, Stages.Count);
        _keptStages.Add(stage);
    }

    /// <summary>
    /// Adds a module that is trained with the network and discarded after training. The run initializes it, moves it to the device and disposes it. Its
    /// parameters and buffers are saved in checkpoints, so a strategy must store there what a resumed run needs.
    /// </summary>
    /// <param name="name">The module's name in checkpoints; unique within the strategy.</param>
    /// <param name="module">The module.</param>
    /// <exception cref="ArgumentException">The strategy already has a module with that name.</exception>
    public T AddModule<T>(string name, T module)
        where T : nn.Module
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(module);
        string fullName = $"{_key}.{name}";
        if (_modules.Any(added => added.Name == fullName))
        {
            throw new ArgumentException($"The strategy '{_key}' adds two modules with the name '{name}'. Use unique names.", nameof(name));
        }

        _modules.Add((fullName, module));
        return module;
    }

    /// <summary>
    /// Adds an auxiliary classifier (exit) to each stage but the last, trained with the network. The strategy must add their losses itself: call
    /// <see cref="KeepStage"/> with <see cref="Exit.Stage"/> of each exit; in <see cref="StrategyRun.AddLosses"/>, call <see cref="Exit.Embed"/> with the
    /// features of that stage, and the exit with the result to get its logits.
    /// </summary>
    /// <param name="predict">Whether the exits stay in the model, which then predicts the mean of the logits of all exits and its own classifier. Otherwise
    /// they are discarded after training.</param>
    /// <returns>The exits, in the order of the stages.</returns>
    /// <exception cref="InvalidDataException">Another strategy already added exits that predict.</exception>
    public IReadOnlyList<Exit> AddExits(bool predict)
    {
        if (predict)
        {
            return _addExits?.Invoke() ?? throw new InvalidOperationException("This network does not support exits.");
        }

        IReadOnlyList<Exit> exits = Exit.All([.. Stages.Select(stage => stage.Channels)], StageShape.Strides(Stages), ClassCount);
        return [.. exits.Select(exit => AddModule(exit.Stage.ToString(CultureInfo.InvariantCulture), exit))];
    }

    /// <summary>
    /// Loads trained models to learn from. The run disposes them; checkpoints do not contain them. A strategy that calls this must have
    /// <see cref="StrategyTraits.NeedsOneClass"/>.
    /// </summary>
    /// <param name="paths">
    /// Saved models (.zip), also ensembles, or folders written by ExportImageModel. Their classes must be those of the training set.
    /// </param>
    /// <exception cref="ArgumentException">A model has other classes, or takes another kind of images; the message says why.</exception>
    /// <exception cref="InvalidDataException">A file is damaged.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public Teacher LoadTeacher(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return _loadTeacher?.Invoke(paths) ?? throw new InvalidOperationException("This run cannot load teachers.");
    }

    /// <summary>
    /// Logs a warning of the run, for settings that work but are not useful with this network. Throw an <see cref="ArgumentException"/> for those that cannot
    /// work.
    /// </summary>
    public void Warn(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        _warn?.Invoke($"The strategy '{_key}': {text}");
    }

    internal IReadOnlyList<(string Name, nn.Module Module)> Modules => _modules;

    internal IReadOnlySet<int> KeptStages => _keptStages;
}

/// <summary>The shape of one stage's output for one image.</summary>
/// <param name="Channels">Channels C.</param>
/// <param name="Height">Height h.</param>
/// <param name="Width">Width w.</param>
public readonly record struct StageShape(int Channels, int Height, int Width)
{
    /// <summary>Number and size of a stage, for messages.</summary>
    internal static string Describe(IReadOnlyList<StageShape> stages, int stage) =>
        FormattableString.Invariant($"the output of stage {stage + 1} of {stages.Count} is {stages[stage].Height}x{stages[stage].Width}");

    /// <summary>The stride from each stage to the next.</summary>
    internal static IReadOnlyList<StageStride> Strides(IReadOnlyList<StageShape> stages) =>
        [.. stages.Zip(stages.Skip(1), (from, to) => new StageStride(Ratio(from.Height, to.Height), Ratio(from.Width, to.Width)))];

    private static int Ratio(int from, int to) => Math.Max((int)Math.Round((double)from / to), 1);
}
