using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Trainers;

namespace Samples;

/// <summary>The verb <c>sweep</c>.</summary>
internal static class SweepCommand
{
    public static Command Create()
    {
        ImageInput input = new("--", "Training images", DataPart.Train);
        TrainOptions options = new();
        SweepOptions sweep = new();
        Jobs jobs = new("--model", "--csv", "--out");
        Option<bool> dry = new("--dry-run") { Description = "With --slurm, only print the script." };
        Command command = new(
            "sweep",
            "Searches for the best settings of train: many short runs on one split, the better ones longer. Run it again to resume."
        );
        input.AddTo(command);
        sweep.AddTo(command);
        jobs.AddTo(command);
        command.Options.Add(dry);
        options.AddSettingsTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetResult(dry) is { Implicit: false } && result.GetResult("--slurm") is null)
            {
                result.AddError("--dry-run needs --slurm.");
            }
        });
        command.SetAction(parsed =>
            ExitCode.Guard(() =>
                jobs.IsSlurm(parsed)
                    ? jobs.Submit(
                        parsed,
                        sweep.Folder(parsed),
                        parsed.GetValue(dry),
                        "When it has ended, run the same command without --slurm and --jobs: it shows the best trial and writes the results."
                    )
                    : Run(parsed, input, options, sweep, jobs)
            )
        );
        return command;
    }

    private static int Run(ParseResult parsed, ImageInput input, TrainOptions options, SweepOptions sweep, Jobs jobs)
    {
        sweep.TryOutputs(parsed, options.Model(parsed), input.Named(parsed));
        using CancellationTokenSource stop = Session.CancelOnCtrlC();
        int? share = jobs.Threads(parsed, options.ThreadsOption);
        if (jobs.Run(parsed, share, line => line.StartsWith("trial ", StringComparison.Ordinal), stop.Token) is { } code)
        {
            return code;
        }

        MLContext ml = Session.Begin(options.Seed(parsed), options.Gpu(parsed), share ?? options.Threads(parsed), isQuiet: true);
        (IDataView rows, IDataView? validation, _) = input.LoadParts(parsed, ml);
        ImageClassificationOptions baseline = options.Settings(parsed, file => HierarchyFile.Read(ml, file, rows));
        // A sweep has no images for the patches.
        baseline = baseline is PatchTrainingOptions whole ? whole with { SwitchEpoch = 0 } : baseline;
        baseline = baseline.ValidationFraction is null && validation is not null ? baseline with { ValidationSet = validation } : baseline;
        Stopwatch clock = Stopwatch.StartNew();
        HashSet<int> ended = [];
        SweepSettings settings = sweep.Settings(parsed, baseline.GetType()) with
        {
            ExcludedParameters = [.. options.Given(parsed, baseline)],
            Seed = options.Seed(parsed) ?? 0,
            CancellationToken = stop.Token,
            Progress = trial =>
            {
                Console.WriteLine(Describe(trial, sweep.Trials(parsed)));
                // The tasks of an array do not see how many trials the others have ended.
                if (!Slurm.IsArrayTask && trial.State is not TrialState.Paused && ended.Add(trial.Number))
                {
                    Console.WriteLine(Left(sweep.Trials(parsed), ended.Count, clock.Elapsed));
                }
            },
        };
        SweepResult<ImageClassificationOptions> result = ml.MulticlassClassification.Sweep(rows, baseline, Pipeline, settings);
        sweep.Write(parsed, result);
        if (result.Best is not { } best)
        {
            Console.Error.WriteLine("No trial finished an epoch; the trials above say why.");
            return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Failure;
        }

        Console.WriteLine();
        Console.WriteLine($"best: {Describe(best, sweep.Trials(parsed))}");
        if (options.Model(parsed) is { } file && !stop.IsCancellationRequested)
        {
            // A trial that is complete is not trained again: Fit loads it from the workspace.
            ITransformer model = Pipeline(result.GetOptions(best)).Fit(rows);
            ml.Model.SaveAtomic(model, rows.Schema, file.FullName);
            Console.WriteLine($"Saved {file.FullName}.");
        }

        return stop.IsCancellationRequested ? ExitCode.Canceled : ExitCode.Success;

        IEstimator<ITransformer> Pipeline(ImageClassificationOptions swept) => TrainCommand.Pipeline(ml, options.Trainer(parsed), swept);
    }

    // Later trials end sooner where the search stops bad ones early, so this is an upper bound.
    private static string Left(int trials, int ended, TimeSpan elapsed)
    {
        TimeSpan left = elapsed / ended * (trials - ended);
        return string.Create(CultureInfo.InvariantCulture, $"  {ended} of at most {trials} trials ended, at most {left.TotalMinutes:f0} min left");
    }

    private static string Describe(SweepTrial trial, int trials)
    {
        string settings = string.Join(
            "  ",
            trial.Settings.Select(setting =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{setting.Key} " + $"{(setting.Value is double number ? number.ToString("G3", CultureInfo.InvariantCulture) : setting.Value)}"
                )
            )
        );
        string score = trial.Score is { } value ? value.ToString("P1", CultureInfo.InvariantCulture) : trial.Error ?? "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"trial {trial.Number, 3} of {trials}  {trial.State, -11}  epoch {trial.Epochs, 3}  {score, -8}  {settings}"
        );
    }
}
