using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Randomness;
using Microsoft.ML.FeatureMining.Training.Schedules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training.Loop;

/// <summary>The training loop: epochs of steps, validation, best weights, progress reports and checkpoints.</summary>
internal sealed class TrainingLoop : IDisposable
{
    private readonly TrainingRecipe _recipe;
    private readonly TrainingTask _task;
    private readonly TrainingHost _host;
    private readonly TrainingStep _step;
    private readonly LearningRatePlan _plan;
    private readonly int _stepsPerEpoch;
    private readonly ProgressReporter _progress;
    private readonly LossWatch _losses = new();
    private readonly RunState _run;
    private readonly Checkpointer _checkpointer;

    /// <param name="recipe">The recipe of the run.</param>
    /// <param name="task">What is trained. The caller disposes it.</param>
    /// <param name="random">The random streams that the task draws from.</param>
    /// <param name="host">The environment of the run.</param>
    public TrainingLoop(TrainingRecipe recipe, TrainingTask task, RandomStreams random, TrainingHost host)
    {
        (_recipe, _task, _host) = (recipe, task, host);
        _stepsPerEpoch = BatchLoader.Batches(task.Images.Count, recipe.ImagesPerStep);
        _plan = new LearningRatePlan(recipe, _stepsPerEpoch);
        host.Optimizer?.CopyTo(task.Optimizer);
        _step = new TrainingStep(recipe, task, random, host);
        _progress = new ProgressReporter(host.Progress, [.. Enumerable.Range(0, recipe.Epochs).Select(StepCost)], _stepsPerEpoch, TimeProvider.System);
        _run = new RunState(task, random, recipe, host.Device);
        _checkpointer = new Checkpointer(_run, recipe, host, new SnapshotCheck(recipe, task));
    }

    private long StepsDone => (_run.Epoch * (long)_stepsPerEpoch) + _run.Step;

    public TrainingOutcome Run()
    {
        _host.Started?.Invoke(_task.CountParameters(), _stepsPerEpoch);
        _checkpointer.Resume();
        TrainingEnd end = FitHead() ? RunEpochs() : TrainingEnd.Canceled;
        // A phase after this one goes on with the weights, not with their average.
        (NamedTensors weights, int epoch) =
            _recipe.EpochsAfter > 0 ? (NamedTensors.Of(_task.TrainedState()), _run.Epoch)
            : _recipe.KeepWeights == KeepWeights.Best && _run.Best.Weights is { } best ? (best, _run.Best.Epoch.Epoch)
            : (NamedTensors.Of(_task.ModelState()), _run.Epoch);
        return new TrainingOutcome(_recipe, weights, epoch, _run.History, end, _task.Pixels)
        {
            Optimizer = _recipe.EpochsAfter > 0 ? OptimizerState.Of(_task.Optimizer) : null,
        };
    }

    public void Dispose()
    {
        _losses.Dispose();
        _run.Dispose();
        _step.Dispose();
    }

    // All ranks stop after the same step.
    private bool IsCanceled() => _host.Ranks.Any(_host.IsCanceled());

    /// <summary>Fits the head before the first epoch, if the recipe says so; returns false if the run was canceled.</summary>
    private bool FitHead()
    {
        if (!_recipe.FineTuning.FitHead || StepsDone > 0 || _run.History.Count > 0)
        {
            return true;
        }

        long began = Stopwatch.GetTimestamp();
        if (!_task.FitHead(_run.Metrics, IsCanceled) || !TryValidate(out (double, double)? validated))
        {
            return false;
        }

        EndEpoch(0, 0, validated, began);
        _checkpointer.Save();
        return true;
    }

    private TrainingEnd RunEpochs()
    {
        // Not while the head is fitted, which needs exact gradients.
        using TensorFloat32Scope? rounding = _recipe.Precision == Precision.TensorFloat32 ? new() : null;
        _progress.StartSteps(StepsDone);
        // Computers of another kind may have computed other initial weights.
        _host.Ranks.ShareTensors(_task.FullState());
        while (_run.Epoch < _recipe.Epochs)
        {
            if (_run.Best.IsStalled(_run.Epoch))
            {
                return TrainingEnd.StoppedEarly;
            }

            try
            {
                bool finished = RunEpoch();
                CheckFinite();
                _checkpointer.Save();
                if (!finished)
                {
                    return TrainingEnd.Canceled;
                }
            }
            catch (TrainingDivergedException e) when (_checkpointer.CanRollBack)
            {
                _losses.Dispose();
                _checkpointer.RollBack(e);
            }
        }

        return TrainingEnd.Completed;
    }

    /// <summary>Runs the remaining steps of the epoch; returns false if the run was canceled.</summary>
    private bool RunEpoch()
    {
        _run.BeginEpoch(_task.DrawOrder);
        long began = Stopwatch.GetTimestamp() - (long)(_run.Seconds * Stopwatch.Frequency);
        _task.Train();
        _progress.StartEpoch(_run.Metrics.Images);
        foreach (StepImages images in StepLoader.Load(_task.Images, _run.Order, _recipe, _host.Ranks, skip: _run.Step))
        {
            _run.Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (IsCanceled())
            {
                return false;
            }

            if (_host.Checkpoints?.IsDue(StepsDone) == true)
            {
                CheckFinite();
                _checkpointer.Save();
            }

            TrainingClock clock = Clock(_run.Step);
            Tensor sums = _step.Take(images, clock, RateAt(clock));
            _run.EndStep(sums, images.Count);
            _losses.Add(sums);
            if (_run.Step % _recipe.ReportEverySteps == 0 || _run.Step == _stepsPerEpoch)
            {
                CheckFinite();
                (double loss, double accuracy) = ReadMetrics();
                _progress.ReportStep(_run.Epoch + 1, _run.Step, loss, accuracy, RateAt(clock), _run.Metrics.Images);
            }
        }

        if (!_task.AreFinite())
        {
            throw Diverged("weights", _run.Step);
        }

        if (!TryValidate(out (double, double)? validated))
        {
            return false;
        }

        EndEpoch(_run.Epoch + 1, RateAt(Clock(_stepsPerEpoch - 1)), validated, began);
        return true;
    }

    /// <summary>Validates if there is a validation set; returns false if the run was canceled.</summary>
    private bool TryValidate(out (double Loss, double Accuracy)? validated)
    {
        validated = _task.Validates ? _task.Validate(_host.IsCanceled) : null;
        return !_host.Ranks.Any(_task.Validates && validated is null);
    }

    private void EndEpoch(int epoch, double rate, (double Loss, double Accuracy)? validated, long began)
    {
        (double loss, double accuracy) = ReadMetrics();
        EpochMetrics metrics = new(epoch, rate, loss, accuracy, validated?.Loss, validated?.Accuracy, Stopwatch.GetElapsedTime(began).TotalSeconds);
        if (_recipe.KeepWeights == KeepWeights.Best || _recipe.EarlyStopping is not null)
        {
            _run.Best.Update(metrics, _task);
        }

        if (epoch > 0)
        {
            // Only rank 0 draws the numbers of the first batch of a step.
            _run.ShareStreams(_host.Ranks);
            _task.EndEpoch(metrics);
        }

        _run.EndEpoch(metrics);
        _progress.EndEpoch(metrics);
    }

    private (double Loss, double Accuracy) ReadMetrics() => _run.Metrics.Read() is var read && _task.HasAccuracy ? read : (read.Loss, double.NaN);

    private void CheckFinite()
    {
        if (_losses.FirstDiverged() is { } ago)
        {
            throw Diverged("loss", _run.Step - ago + 1);
        }
    }

    private TrainingClock Clock(int step) => new(_run.Epoch, _recipe.Epochs, step, _stepsPerEpoch);

    private double StepCost(int epoch) => (double)_recipe.InputAt(epoch).Length / _recipe.Input.Length;

    private double RateAt(TrainingClock clock) => _run.RateFactor * _plan.At(clock);

    /// <param name="what">The loss or the weights.</param>
    /// <param name="step">The step of this epoch, from 1.</param>
    private TrainingDivergedException Diverged(string what, int step)
    {
        string advice =
            _recipe.BatchSize == 1 ? "Use a larger BatchSize, which BatchNorm needs, or lower LearningRate." : "Lower LearningRate or add WarmupEpochs.";
        IEnumerable<int> images = _run.Order.Skip((step - 1) * _recipe.ImagesPerStep).Take(_recipe.ImagesPerStep);
        return new TrainingDivergedException(
            string.Create(
                CultureInfo.InvariantCulture,
                $"The {what} became NaN or infinite in epoch {_run.Epoch + 1}, step {step} of {_stepsPerEpoch}, at learning rate {RateAt(Clock(step - 1)):g4}. "
                    + $"{advice} Training images of this step: {string.Join(", ", images.Take(8))}, ..."
            )
        );
    }
}
