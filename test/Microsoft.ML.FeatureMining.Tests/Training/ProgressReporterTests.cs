using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>The estimate of the remaining time.</summary>
public sealed class ProgressReporterTests
{
    [Theory]
    [InlineData(new double[] { 1, 1, 1, 1 }, 1, 5, 7)] // 5 of 40 steps
    [InlineData(new double[] { 0.25, 0.25, 1, 1 }, 1, 10, 9)] // 2.5 of 25
    [InlineData(new double[] { 0.25, 0.25, 1, 1 }, 3, 5, 1.5)] // 10 of 25
    [InlineData(new double[] { 1, 1, 1, 1 }, 4, 10, 0)]
    public void ReportStep_Remaining_IsProportionalToTheCostOfTheSteps(double[] costs, int epoch, int step, double ratio)
    {
        TrainingProgress? last = null;
        ProgressReporter reporter = new(progress => last = progress, costs, stepsPerEpoch: 10);
        reporter.StartRun(0);
        Thread.Sleep(10);

        reporter.ReportStep(epoch, step, 0, 0, 0, images: 1);
        if (step == 10)
        {
            reporter.EndEpoch(new EpochMetrics(epoch, 0, 0, 0, null, null, 0));
        }

        Assert.Equal(ratio, last!.Remaining / last.Elapsed, 1e-4);
        Assert.Equal(4, last.Epochs);
    }

    [Fact]
    public void ReportStep_ResumedRun_MeasuresOnlyItsOwnSteps()
    {
        TrainingProgress? last = null;
        ProgressReporter reporter = new(progress => last = progress, [1, 1], stepsPerEpoch: 10);
        reporter.StartRun(10);
        Thread.Sleep(10);

        reporter.ReportStep(2, 5, 0, 0, 0, images: 1);

        // 5 steps done, 5 left.
        Assert.Equal(1, last!.Remaining / last.Elapsed, 1e-4);
    }
}
