using System.CommandLine;
using System.CommandLine.Parsing;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Datasets;

namespace Samples;

/// <summary>The verb <c>evaluate</c>.</summary>
internal sealed class EvaluateCommand
{
    private readonly ImageInput _input = new("--", "Labeled images", DataPart.Test, required: false);
    private readonly Option<FileInfo> _model = ModelOption.CreateForScoring();
    private readonly Option<string?> _views = ViewsOption.Create();
    private readonly Option<int> _topK = new("--top-k") { Description = "K of the top-k accuracy.", DefaultValueFactory = _ => 5 };
    private readonly Option<double?> _atLeast = new("--at-least")
    {
        Description = "Exit with code 1 if the micro accuracy (multi-label: micro F1) is below this, from 0 to 1.",
    };
    private readonly Option<FileInfo?> _report = new("--report") { Description = "Write the metrics to this file, as JSON." };
    private readonly Option<string?> _shard = Shard.CreateOption();
    private readonly Option<FileInfo?> _sums = new("--sums")
    {
        Description = "With --shard, write what --merge needs to this file. Nothing else is measured or printed.",
    };
    private readonly Option<FileInfo[]> _merge = new("--merge")
    {
        Description = "Merge the files that --sums wrote for all parts, and print the metrics of all images. Needs neither model nor images.",
        AllowMultipleArgumentsPerToken = true,
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly MachineOptions _machine = new();

    public static Command Create() => new EvaluateCommand().CreateVerb();

    private Command CreateVerb()
    {
        _topK.Between(1, int.MaxValue);
        _atLeast.Between(0, 1);
        // Not for --merge.
        _model.Required = false;
        Command command = new("evaluate", "Measures a saved model on labeled images; without any, on the test images that train held out.")
        {
            _model,
            _views,
            _topK,
            _atLeast,
            _report,
            _shard,
            _sums,
            _merge,
        };
        _input.AddTo(command);
        _machine.AddTo(command);
        command.Validators.Add(Check);
        command.SetAction(parsed => ExitCode.Guard(() => Run(parsed)));
        return command;
    }

    private void Check(CommandResult verb)
    {
        string? problem = IsGiven(_merge)
            ? _input.IsGiven(verb) || Array.Exists<Option>([_model, _views, _shard, _sums], IsGiven)
                ? "--merge measures nothing; of the other options, it takes --report, --top-k and --at-least."
                : null
            : !IsGiven(_model)
                ? "Option '--model' is required."
                : IsGiven(_sums) && !IsGiven(_shard)
                    ? "--sums needs --shard."
                    : IsGiven(_sums) && Array.Exists<Option>([_topK, _report, _atLeast], IsGiven)
                        ? "--sums writes no metrics. Give --report, --top-k and --at-least to the evaluate --merge that follows."
                        : null;
        if (problem is not null)
        {
            verb.AddError(problem);
        }

        bool IsGiven(Option option) => verb.GetResult(option) is { Implicit: false };
    }

    private int Run(ParseResult parsed)
    {
        FileInfo[] parts = parsed.GetValue(_merge) ?? [];
        OutputPath.KeepApart(
            [("--report", parsed.GetValue(_report)), ("--sums", parsed.GetValue(_sums))],
            [
                ("--model", parsed.GetValue(_model)),
                ("--model's list of test images", parsed.GetValue(_model) is { } model ? new FileInfo(HeldOutList.PathOf(model)) : null),
                .. parts.Select(file => ("--merge", (FileInfo?)file)),
                .. _input.Named(parsed),
            ]
        );
        OutputPath.TryFile("--report", parsed.GetValue(_report));
        OutputPath.TryFile("--sums", parsed.GetValue(_sums));
        if (parts.Length == 0)
        {
            return Measure(parsed);
        }

        return Show(parsed, ShardSums.Merge(parts));
    }

    private int Measure(ParseResult parsed)
    {
        FileInfo file = parsed.GetRequiredValue(_model);
        string? views = parsed.GetValue(_views);
        MLContext ml = _machine.Begin(parsed, file);
        ITransformer loaded =
            !ModelOption.IsOnnx(file) ? ViewsOption.Apply(ml, ModelOption.Load(ml, file, out _), views)
            : views is null ? ModelOption.LoadForScoring(ml, file, out _)
            : throw new ArgumentException("--tta is for saved models: the views of an ONNX model are fixed when it is exported.");
        IDataView rows = _input.IsGiven(parsed) ? _input.Load(parsed, ml) : HeldOutList.Load(ml, file);
        if (Shard.Of(parsed.GetValue(_shard)) is not { } shard)
        {
            return Show(parsed, Metrics.Measure(ml, loaded.Transform(rows)));
        }

        IDataView taken = shard.Take(ml, rows, out long images);
        if (parsed.GetValue(_sums) is not { } target)
        {
            return Show(parsed, Metrics.Measure(ml, loaded.Transform(taken)));
        }

        Metrics metrics = Metrics.MeasureShard(ml, loaded.Transform(taken));
        ShardSums.Create(shard, images, file, views, metrics).Write(target);
        Console.WriteLine($"Part {shard}: {metrics.Coverage}. Wrote {target.FullName}.");
        return ExitCode.Success;
    }

    private int Show(ParseResult parsed, Metrics metrics)
    {
        Measured measured = MetricsView.Show(metrics, parsed.GetValue(_topK));
        if (parsed.GetValue(_report) is { } target)
        {
            JsonReport.Write(target, new { Test = measured.Details });
            Console.WriteLine($"Wrote {target.FullName}.");
        }

        return measured.Headline >= (parsed.GetValue(_atLeast) ?? 0) ? ExitCode.Success : ExitCode.Failure;
    }
}
