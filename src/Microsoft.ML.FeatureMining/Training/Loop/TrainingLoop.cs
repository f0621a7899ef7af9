using System.Diagnostics;
using System.Globalization;
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
    private readonly ImageSet _train;
    private readonly TrainingHost _host;
    private readonly RandomStreams _random;
    private readonly TrainingComponents _parts;
    private readonly TrainingStep _step;
    private readonly Validator? _validator;
    private readonly LearningRatePlan _plan;
    private readonly int _stepsPerEpoch;
    private readonly ProgressReporter _progress;
    private readonly LossWatch _losses = new();
    private readonly RunState _run;
    private readonly Checkpointer _checkpointer;

    public TrainingLoop(TrainingRecipe recipe, ImageSet train, ImageSet? validation, TrainingHost host)
    {
        (_recipe, _train, _host) = (recipe, train, host);
        _random = new RandomStreams(recipe.Seed);
        _stepsPerEpoch = BatchLoader.Batches(train.Count, recipe.ImagesPerStep);
        _plan = new LearningRatePlan(recipe, _stepsPerEpoch);
        _parts = new TrainingComponents(recipe, train, host.Device, _random, host.LoadWeights, host.LoadTeacher, host.Warn);
        host.Optimizer?.CopyTo(_parts.Optimizer);
        _step = new TrainingStep(recipe, train, _parts, _random, host);
        _validator = validation is null ? null : new Validator(validation, recipe, _parts, host.Device);
        _progress = new ProgressReporter(host.Progress, [.. Enumerable.Range(0, recipe.Epochs).Select(StepCost)], _stepsPerEpoch);
        _run = new RunState(_parts, _random, recipe.EarlyStopping, host.Device);
        _checkpointer = new Checkpointer(_run, recipe, host, new SnapshotCheck(recipe, _parts, train.Count));
    }

    private long StepsDone => (_run.Epoch * (long)_stepsPerEpoch) + _run.Step;

    public TrainingOutcome Run()
    {
        _host.Started?.Invoke(_parts.Model.parameters().Sum(parameter => parameter.numel()), _stepsPerEpoch);
        _checkpointer.Resume();
        TrainingEnd end = FitHead() ? RunEpochs() : TrainingEnd.Canceled;
        (NamedTensors weights, int epoch) =
            _recipe.KeepWeights == KeepWeights.Best && _run.Best.Weights is { } best
                ? (best, _run.Best.Epoch.Epoch)
                : (NamedTensors.Of(_parts.Model), _run.Epoch);
        return new TrainingOutcome(_recipe, weights, epoch, _run.History, end, _parts.Pixels)
        {
            Exits = _parts.Model.ExitStrides,
            Optimizer = _recipe.EpochsAfter > 0 ? OptimizerState.Of(_parts.Optimizer) : null,
        };
    }

    public void Dispose()
    {
        _losses.Dispose();
        _run.Dispose();
        _parts.Dispose();
    }

    /// <summary>Fits the head before the first epoch, if the recipe says so; returns false if the run was canceled.</summary>
    private bool FitHead()
    {
        if (!_recipe.FineTuning.FitHead || StepsDone > 0 || _run.History.Count > 0)
        {
            return true;
        }

        long began = Stopwatch.GetTimestamp();
        HeadFit fit = new(_train, _recipe, _parts, _random["head-fit"], _host.Device);
        if (!fit.Run(_run.Metrics, _host.IsCanceled) || !TryValidate(out (double, double)? validated))
        {
            return false;
        }

        EndEpoch(0, 0, validated, began);
        _checkpointer.Save();
        return true;
    }

    private TrainingEnd RunEpochs()
    {
        _progress.StartRun(StepsDone);
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
        _run.BeginEpoch(() => _parts.Runs.Aggregate(DrawOrder(), (order, run) => run.Order(order, _train.Labels, _recipe.BatchSize)));
        long began = Stopwatch.GetTimestamp() - (long)(_run.Seconds * Stopwatch.Frequency);
        _parts.Train();
        _progress.StartEpoch(_run.Metrics.Images);
        foreach (HostBatch loaded in BatchLoader.Load(_train, _run.Order, _recipe.ImagesPerStep, skip: _run.Step))
        {
            using HostBatch done = loaded;
            _run.Seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
            if (_host.IsCanceled())
            {
                return false;
            }

            if (_host.Checkpoints?.IsDue(StepsDone) == true)
            {
                CheckFinite();
                _checkpointer.Save();
            }

            TrainingClock clock = Clock(_run.Step);
            Tensor sums = _step.Take(loaded, clock, RateAt(clock));
            _run.EndStep(sums, loaded.Count);
            _losses.Add(sums);
            if (_run.Step % _recipe.ReportEverySteps == 0 || _run.Step == _stepsPerEpoch)
            {
                CheckFinite();
                (double loss, double accuracy) = _run.Metrics.Read();
                _progress.ReportStep(_run.Epoch + 1, _run.Step, loss, accuracy, RateAt(clock), _run.Metrics.Images);
            }
        }

        if (!_parts.AreFinite())
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

    private int[] DrawOrder() =>
        _recipe.Sampling == Sampling.Balanced ? _train.DrawBalanced(_random["balanced-sampling"]) : _train.DrawOrder(_random["shuffle"]);

    /// <summary>Validates if there is a validation set; returns false if the run was canceled.</summary>
    private bool TryValidate(out (double Loss, double Accuracy)? validated)
    {
        validated = _validator?.Run(_host.IsCanceled);
        return _validator is null || validated is not null;
    }

    private void EndEpoch(int epoch, double rate, (double Loss, double Accuracy)? validated, long began)
    {
        (double loss, double accuracy) = _run.Metrics.Read();
        EpochMetrics metrics = new(epoch, rate, loss, accuracy, validated?.Loss, validated?.Accuracy, Stopwatch.GetElapsedTime(began).TotalSeconds);
        if (_recipe.KeepWeights == KeepWeights.Best || _recipe.EarlyStopping is not null)
        {
            _run.Best.Update(metrics, _parts.Model);
        }

        if (epoch > 0)
        {
            _parts.Runs.ForEach(run => run.EndEpoch(metrics));
        }

        _run.EndEpoch(metrics);
        _progress.EndEpoch(metrics);
    }

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
