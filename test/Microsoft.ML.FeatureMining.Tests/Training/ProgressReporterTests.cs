using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Training;

/// <summary>The estimate of the remaining time.</summary>
public sealed class ProgressReporterTests
{
    private readonly Clock _clock = new();

    [Theory]
    [InlineData(new double[] { 1, 1, 1, 1 }, 1, 5, 7)] // 5 of 40 steps
    [InlineData(new double[] { 0.25, 0.25, 1, 1 }, 1, 10, 9)] // 2.5 of 25
    [InlineData(new double[] { 0.25, 0.25, 1, 1 }, 3, 5, 1.5)] // 10 of 25
    [InlineData(new double[] { 1, 1, 1, 1 }, 4, 10, 0)]
    public void ReportStep_Remaining_IsProportionalToTheCostOfTheSteps(double[] costs, int epoch, int step, double ratio)
    {
        TrainingProgress? last = null;
        ProgressReporter reporter = new(progress => last = progress, costs, stepsPerEpoch: 10, _clock);
        reporter.StartSteps(0);
        _clock.Now += 10;

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
        ProgressReporter reporter = new(progress => last = progress, [1, 1], stepsPerEpoch: 10, _clock);
        reporter.StartSteps(10);
        _clock.Now += 10;

        reporter.ReportStep(2, 5, 0, 0, 0, images: 1);

        // 5 steps done, 5 left.
        Assert.Equal(1, last!.Remaining / last.Elapsed, 1e-4);
    }

    [Fact]
    public void EndEpoch_AfterTheHeadWasFitted_ElapsedGoesOn()
    {
        List<TrainingProgress> reports = [];
        ProgressReporter reporter = new(reports.Add, [1, 1], stepsPerEpoch: 10, _clock);
        _clock.Now += 20;
        reporter.EndEpoch(new EpochMetrics(0, 0, 0, 0, null, null, 0));
        reporter.StartSteps(0);
        _clock.Now += 5;
        reporter.ReportStep(1, 5, 0, 0, 0, images: 1);

        Assert.Equal([(0, 0), (1, 5)], reports.Select(report => (report.Epoch, report.Step)));
        Assert.Equal([20, 25], reports.Select(report => report.Elapsed.TotalSeconds));
        // The speed is that of the steps alone: 5 of 20 took 5 s.
        Assert.Equal([0, 15], reports.Select(report => report.Remaining.TotalSeconds));
    }

    [Fact]
    public void EndEpoch_ResumedAfterTheLastStep_ReportsThatEpoch()
    {
        TrainingProgress? last = null;
        ProgressReporter reporter = new(progress => last = progress, [1, 1], stepsPerEpoch: 10, _clock);
        reporter.StartSteps(20);

        reporter.EndEpoch(new EpochMetrics(2, 0.1, 3, 0.5, null, null, 0));

        Assert.Equal((2, 10, 3.0, TimeSpan.Zero), (last!.Epoch, last.Step, last.Loss, last.Remaining));
    }

    private sealed class Clock : TimeProvider
    {
        // In seconds.
        public long Now { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Now;
    }
}
