using System.Globalization;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Xunit.Abstractions;

namespace Microsoft.ML.FeatureMining.Tests.Training.Runs;

/// <summary>
/// Trainings with random settings (test/TestPrograms/RandomSettings.cs) that are killed at random moments, again and again: while they start, read images,
/// train, write checkpoints and save the model. Each must end with the files and the bits of a training that was not disturbed.
/// </summary>
/// <remarks>
/// The long form: MLNETFM_KILLS is the number of kills, MLNETFM_KILLS_SEED the first seed. A failure names its seed, which draws the same settings again; the
/// moments of the kills also depend on the machine.
/// </remarks>
[Trait("Category", "Faults")]
public sealed class RandomKillTests(ITestOutputHelper output)
{
    private const int FirstSeed = 0;
    private const int KillsOfALongRun = 24;

    // In the long form, one of so many kills is in a job of two processes.
    private const int JobShare = 8;
    private const int MaxFailures = 5;

    private static readonly int? Kills = Setting("MLNETFM_KILLS");

    [Fact]
    public void Alone_EndsInTheSameBitsAndLeavesNoFile() => Kill(Kills - (Kills / JobShare) ?? 4, world: 1, killsOfARun: Kills is null ? 2 : KillsOfALongRun);

    [SkippableFact]
    public void TwoProcesses_EndsInTheSameBitsAndLeavesNoFile()
    {
        StartedProgram.Require(StartedProgram.OpenMpi);
        Kill(Kills / JobShare ?? 2, world: 2, killsOfARun: Kills is null ? 2 : KillsOfALongRun / 2);
    }

    private void Kill(int kills, int world, int killsOfARun)
    {
        KillCounts sum = new();
        List<string> failures = [];
        for (int seed = Setting("MLNETFM_KILLS_SEED") ?? FirstSeed; sum.Kills < kills && failures.Count < MaxFailures; seed++)
        {
            using KilledTraining training = new(seed, world);
            string? failure = training.Failure(Math.Min(killsOfARun, kills - sum.Kills));
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"seed {seed}, {training.Settings}: {training.Counts}{(failure is null ? "" : ": " + failure)}"
            );
            output.WriteLine(text);
            sum += training.Counts;
            if (failure is not null)
            {
                failures.Add(text);
            }
        }

        output.WriteLine($"all: {sum}");
        Assert.True(failures.Count == 0, string.Join('\n', failures));
    }

    private static int? Setting(string name) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
