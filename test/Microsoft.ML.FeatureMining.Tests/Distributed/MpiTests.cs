using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

/// <summary>Training in processes that the mpirun of Open MPI or MPICH started.</summary>
public sealed class MpiTests
{
    private const string OpenMpi = StartedProgram.OpenMpi;
    private const string Mpich = "mpiexec.mpich";
    private const int NoDelay = 0;
    private const int LongTimeout = 300;

    [SkippableTheory]
    [InlineData(OpenMpi)]
    [InlineData(Mpich)]
    public void Fit_TwoProcesses_GiveTheWeightsOfOne(string launcher)
    {
        using TemporaryFolder folder = new();
        string[] alone = TrainAlone(folder["alone.txt"]);

        using StartedProgram job = Start(launcher, 2, folder["together.txt"]);

        Assert.True(job.End() == 0, job.Text);
        Assert.Equal(alone, File.ReadAllLines(folder["together.txt"]));
    }

    [SkippableFact]
    public void Fit_ARankIsKilled_EndsTheJobAndResumesWithAnyNumberOfRanks()
    {
        using TemporaryFolder folder = new();
        using (StartedProgram job = Start(OpenMpi, 2, folder["none.txt"], folder["killed"], "200", Number(LongTimeout)))
        {
            WaitForCheckpoint(job, folder["killed"]);
            Process.GetProcessById(job.ProcessOf(1)!.Value).Kill();
            Stopwatch watch = Stopwatch.StartNew();

            Assert.NotEqual(0, job.End());
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"The job ended after {watch.Elapsed}.");
            Assert.Contains("rank 1", job.Text, StringComparison.Ordinal);
            Assert.False(File.Exists(folder["none.txt"]));
        }

        string expected = TrainAlone(folder["whole.txt"], folder["whole"], Number(NoDelay), Number(LongTimeout)).Single();
        foreach (int world in (int[])[1, 3, 4])
        {
            string workspace = folder[$"resumed-{world}"],
                result = folder[$"{world}.txt"];
            Copy(folder["killed"], workspace);
            string[] arguments = [result, workspace, Number(NoDelay), Number(LongTimeout)];
            if (world == 1)
            {
                TrainAlone(arguments);
            }
            else
            {
                using StartedProgram job = Start(OpenMpi, world, arguments);
                Assert.True(job.End() == 0, job.Text);
            }

            Assert.Equal(expected, File.ReadAllLines(result).Single());
            string log = File.ReadAllText(Directory.GetFiles(workspace, "log.txt", SearchOption.AllDirectories).Single());
            Assert.Contains("resumed after", log, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public void Fit_ARankIsStopped_EndsTheJobWithItsName()
    {
        using TemporaryFolder folder = new();
        using StartedProgram job = Start(OpenMpi, 2, folder["none.txt"], folder["stopped"], "200", "3");
        WaitForCheckpoint(job, folder["stopped"]);
        int stopped = job.ProcessOf(1)!.Value;

        // The shell's kill: not every system has the program.
        using (Process stop = Process.Start("/bin/sh", ["-c", $"kill -STOP {Number(stopped)}"]))
        {
            stop.WaitForExit();
        }

        Assert.NotEqual(0, job.End());
        Assert.Matches($@"Rank 1 \(host \S+, process {stopped}\) did not answer for 0.05 minutes\.", job.Text);
    }

    [SkippableFact]
    public void Fit_ImagesInAFile_ProcessesOfAComputerShareOne()
    {
        using TemporaryFolder folder = new();
        string abandoned = folder.Write("temporary/mlnetfm-scratch-killed/training.pixels", "");
        using StartedProgram job = StartedProgram.StartRanks(
            OpenMpi,
            2,
            "RankTraining",
            [folder["none.txt"], folder["run"], "200", Number(LongTimeout)],
            ("TMPDIR", folder["temporary"])
        );
        WaitForCheckpoint(job, folder["run"]);

        string[] first = FilesOf(job.ProcessOf(0)!.Value),
            second = FilesOf(job.ProcessOf(1)!.Value);

        Assert.EndsWith("training.pixels (deleted)", Assert.Single(first), StringComparison.Ordinal);
        Assert.Equal(first, second);
        Assert.False(File.Exists(abandoned));
        Assert.Empty(Directory.GetDirectories(folder["temporary"], "mlnetfm-*"));

        static string[] FilesOf(int process) =>
            [
                .. Directory
                    .GetFiles($"/proc/{Number(process)}/fd")
                    .Select(link => new FileInfo(link).LinkTarget ?? "")
                    .Where(target => target.Contains(".pixels", StringComparison.Ordinal)),
            ];
    }

    [SkippableFact]
    public void Sweep_TwoProcesses_TrainEachTrialOnce()
    {
        using TemporaryFolder folder = new();
        using StartedProgram job = Start(OpenMpi, 2, folder["count.txt"], folder["sweep"]);

        Assert.True(job.End() == 0, job.Text);
        Assert.Equal(["6"], File.ReadAllLines(folder["count.txt"]));
        Assert.Equal(
            Enumerable.Range(0, 6).Select(trial => $"trial {Number(trial)}: Completed"),
            job.Text.Split('\n').Where(line => line.StartsWith("trial ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
    }

    private static StartedProgram Start(string launcher, int world, params string[] arguments) =>
        StartedProgram.StartRanks(launcher, world, "RankTraining", arguments);

    private static string[] TrainAlone(params string[] arguments)
    {
        Programs.Run("RankTraining", arguments, ("OMP_NUM_THREADS", "1"));
        return File.ReadAllLines(arguments[0]);
    }

    // Of the second epoch or later.
    private static void WaitForCheckpoint(StartedProgram job, string workspace)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!Directory.Exists(workspace) || !Directory.EnumerateFiles(workspace, "checkpoint-000002*.ckpt", SearchOption.AllDirectories).Any())
        {
            Assert.False(job.HasEnded, job.Text);
            Assert.True(watch.Elapsed < StartedProgram.Patience, job.Text);
            Thread.Sleep(20);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
