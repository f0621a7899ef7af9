using System.Globalization;
using Microsoft.ML.FeatureMining.Training.Checkpoints;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Training;

/// <summary>Keeps a run's state: in the host's store, to go on from there another time; in memory, to go back to where a divergence may need it.</summary>
internal sealed class RunKeeper(RunState run, TrainingRecipe recipe, TrainingHost host)
{
    // Half the rate five times is a thirtieth; what diverges even there does not do so because of the rate.
    private const double SmallestRateFactor = 1.0 / 32;

    private TrainingState? _lastGood;

    public bool CanRollBack => RollsBack && run.RateFactor > SmallestRateFactor;

    private bool RollsBack => recipe.Divergence == Divergence.RollsBack;

    /// <summary>Goes on from the store's newest state, where there is one.</summary>
    public void Begin()
    {
        if (host.Checkpoints?.Load() is { } saved)
        {
            run.Restore(saved);
            CheckThreads(saved.Position.Threads);
            _lastGood = RollsBack ? saved : null;
        }
        else if (RollsBack)
        {
            _lastGood = run.Capture();
        }
    }

    /// <summary>Keeps the state as it is now; all in it is a number.</summary>
    public void Save()
    {
        if (host.Checkpoints is null && !RollsBack)
        {
            return;
        }

        TrainingState state = run.Capture();
        host.Checkpoints?.Save(state);
        _lastGood = RollsBack ? state : null;
    }

    public void RollBack(TrainingDivergedException cause)
    {
        double factor = run.RateFactor / 2;
        run.Restore(_lastGood!);
        run.RateFactor = factor;
        host.Notice(string.Create(CultureInfo.InvariantCulture,
            $"{cause.Message} The run goes back to epoch {run.Epoch + 1}, step {run.Step}, and goes on with {factor:g3} of the learning rate."));
    }

    private void CheckThreads(int before)
    {
        if (before > 0 && before != get_num_threads())
        {
            host.Notice($"The run was begun with {before} CPU threads and goes on with {get_num_threads()}: it ends in other bits than it would have.");
        }
    }
}
