namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// The learning rate of each step: a linear warm-up, then the schedule over what is left. It depends on the step alone, so that a run can be resumed; the state of torch.optim.lr_scheduler cannot be saved.
/// </summary>
internal sealed class LearningRatePlan(TrainingRecipe recipe, int stepsPerEpoch)
{
    private const double WarmupStart = 1e-3;

    private readonly double _warmupSteps = recipe.WarmupEpochs * stepsPerEpoch;
    private readonly double _steps = (double)recipe.Epochs * stepsPerEpoch;

    public double At(TrainingClock clock)
    {
        double step = (double)clock.Epoch * stepsPerEpoch + clock.Step;
        return recipe.LearningRate * (step < _warmupSteps
            ? WarmupStart + (1 - WarmupStart) * step / _warmupSteps
            : recipe.Schedule.Factor((step - _warmupSteps) / (_steps - _warmupSteps)));
    }
}
