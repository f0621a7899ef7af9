using Microsoft.ML.FeatureMining.MlNet.Explaining;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Training;

namespace Microsoft.ML.FeatureMining.MlNet.Sweeping;

/// <summary>Trains a trial as a Fit in a workspace, which is cancelled where the trial is to pause and goes on there when it is promoted.</summary>
internal sealed class TrialTrainer<TOptions>(IDataView rows, TOptions baseline, TrialFolders folders, Func<TOptions, IEstimator<ITransformer>> pipeline)
    where TOptions : ImageClassificationOptions
{
    public TrialRun Train(SweepTrial trial, int until, CancellationToken token)
    {
        using CancellationTokenSource pause = CancellationTokenSource.CreateLinkedTokenSource(token);
        TOptions settings = OptionsOf(trial);
        TOptions observed = (TOptions)(settings with
        {
            CancellationToken = pause.Token,
            OnCancel = CancelledFit.ReturnsModel,
            Progress = progress =>
            {
                settings.Progress?.Invoke(progress);
                if (progress.Completed is { } epoch && epoch.Epoch >= until && epoch.Epoch < progress.Epochs)
                    pause.Cancel();
            },
        });
        using ImageClassificationTransformer classifier = ModelParts.ClassifierOf(pipeline(observed).Fit(rows));
        IEnumerable<TrialEpoch> curve = classifier.Model.History.Select(epoch => new TrialEpoch(
            epoch.Epoch, epoch.ValidationAccuracy ?? throw new InvalidOperationException("A sweep compares validation accuracies, and the pipeline's trainer did not validate.")));
        return new TrialRun([.. curve], classifier.Model.End != TrainingEnd.Cancelled);
    }

    /// <summary>The options of a trial; a Fit with them goes on where the trial is.</summary>
    public TOptions OptionsOf(SweepTrial trial) => (TOptions)(SweptOptions.With(baseline, trial.Settings) with { WorkspacePath = folders.Of(trial) });
}
