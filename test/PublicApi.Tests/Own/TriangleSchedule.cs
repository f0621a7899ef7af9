using Microsoft.ML.FeatureMining.Training.Schedules;

namespace PublicApi.Tests.Own;

/// <summary>Rises linearly to the base learning rate, then falls linearly to 0.</summary>
internal sealed record TriangleSchedule : LearningRateSchedule
{
    public override string Key => "triangle";

    public double Peak { get; init; } = 0.3;

    public override IEnumerable<string> Problems() => Peak is > 0 and < 1 ? [] : [$"Peak of triangle must be above 0 and below 1; it is {Peak}."];

    public override double Factor(double progress) => progress < Peak ? progress / Peak : (1 - progress) / (1 - Peak);
}
