using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Optimizers;
using Microsoft.ML.FeatureMining.Training.Schedules;

namespace Samples;

/// <summary>The options <c>--gpu</c> and <c>--threads</c>.</summary>
internal sealed class MachineOptions
{
    private readonly Option<int?> _gpu = new("--gpu") { Description = "Use this CUDA device." };
    private readonly Option<int?> _threads = new("--threads") { Description = "CPU threads per operation (default one per core)." };

    public MachineOptions()
    {
        _gpu.Between(0, Session.MaxGpu);
        _threads.Between(1, Session.MaxThreads);
    }

    public Option ThreadsOption => _threads;

    public void AddTo(Command command)
    {
        command.Options.Add(_gpu);
        command.Options.Add(_threads);
    }

    public int? Gpu(ParseResult parsed) => parsed.GetValue(_gpu);

    public int? Threads(ParseResult parsed) => parsed.GetValue(_threads);

    /// <summary>Creates the MLContext of a verb that scores with a model.</summary>
    /// <exception cref="ArgumentException">The options do not apply to the model, or there is no such GPU.</exception>
    public MLContext Begin(ParseResult parsed, FileInfo model) =>
        ModelOption.IsOnnx(model) && (parsed.GetResult(_gpu) ?? parsed.GetResult(_threads)) is not null
            ? throw new ArgumentException("--gpu and --threads are for saved models: ONNX Runtime scores an ONNX file on the CPU, on all cores.")
            : Session.Begin(gpu: Gpu(parsed), threads: Threads(parsed));
}

/// <summary>The options <c>--workspace</c> and <c>--report</c> of a training run.</summary>
internal sealed class RunFileOptions
{
    private readonly Option<DirectoryInfo?> _workspace = new("--workspace")
    {
        Description = "Where to keep the run's state and logs. Run the same command again to resume a run that was stopped or killed.",
    };
    private readonly Option<FileInfo?> _report = new("--report") { Description = "Where to write settings, learning curve and metrics as JSON." };

    public void AddTo(Command command)
    {
        command.Options.Add(_workspace);
        command.Options.Add(_report);
    }

    public DirectoryInfo? Workspace(ParseResult parsed) => parsed.GetValue(_workspace);

    public FileInfo? Report(ParseResult parsed) => parsed.GetValue(_report);

    /// <summary>Tries, before the images are read, whether everything can be saved.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The file of the model; null not to save it.</param>
    /// <param name="list">The list of test images that is written beside the model; null for none.</param>
    /// <param name="read">The files that are read.</param>
    public void Try(ParseResult parsed, FileInfo? model, FileInfo? list = null, params ReadOnlySpan<(string Option, FileInfo? File)> read)
    {
        OutputPath.KeepApart([("--model", model), ("--report", Report(parsed)), ("--model's list of test images", list)], read);
        OutputPath.TryFile("--model", model);
        OutputPath.TryFile("--report", Report(parsed));
        OutputPath.TryFolder("--workspace", Workspace(parsed));
    }
}

/// <summary>The options of settings that all trainers have.</summary>
internal static class CommonSettings
{
    public static IEnumerable<Setting> Create() =>
        [
            Setting.Part("--optimizer", "Optimizer", "The optimizer", OptimizerCatalog.Keys, OptimizerCatalog.Create),
            Setting.Part("--schedule", "Schedule", "The learning rate schedule", ScheduleCatalog.Keys, ScheduleCatalog.Create),
            Setting.Number<int>("--batch", "Images per batch.", 1, 65_536, "BatchSize"),
            Setting.Number<double>("--lr", "Learning rate.", 0, 1, "LearningRate"),
            Setting.Number<double>("--weight-decay", "Weight decay.", 0, 1, "WeightDecay"),
            Setting.Value<double>("--warmup", "Epochs of linear warm-up; by default the trainer's, at most a tenth of all epochs.", "WarmupEpochs"),
            Setting.Value<double>(
                "--validation-fraction",
                "Fraction of the training images to hold out for validation after each epoch.",
                "ValidationFraction"
            ),
            Setting.Value<int>("--seed", "The same seed gives the same model on the CPU.", "Seed"),
        ];

    /// <summary>The warm-up: as the command line says, else the trainer's, at most a tenth of the epochs.</summary>
    public static double WarmupEpochs(ParseResult parsed, Setting[] settings, TrainingOptions own) =>
        (double?)Array.Find(settings, setting => setting.Root == nameof(own.WarmupEpochs))!.Read(parsed) ?? Math.Clamp(own.Epochs / 10.0, 0, own.WarmupEpochs);
}
