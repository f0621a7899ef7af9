using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Distributed;

/// <summary>Training in processes that the mpirun of Open MPI or MPICH started.</summary>
public sealed class MpiTests
{
    private const string OpenMpi = "mpirun.openmpi";
    private const string Mpich = "mpiexec.mpich";
    private const int NoDelay = 0;
    private const int LongTimeout = 300;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [SkippableTheory]
    [InlineData(OpenMpi)]
    [InlineData(Mpich)]
    public void Fit_TwoProcesses_GiveTheWeightsOfOne(string launcher)
    {
        using TemporaryFolder folder = new();
        string[] alone = TrainAlone(folder["alone.txt"]);

        using Job job = Job.Start(launcher, 2, folder["together.txt"]);

        Assert.True(job.End() == 0, job.Text);
        Assert.Equal(alone, File.ReadAllLines(folder["together.txt"]));
    }

    [SkippableFact]
    public void Fit_ARankIsKilled_EndsTheJobAndResumesWithAnyNumberOfRanks()
    {
        using TemporaryFolder folder = new();
        using (Job job = Job.Start(OpenMpi, 2, folder["none.txt"], folder["killed"], "200", Number(LongTimeout)))
        {
            WaitForCheckpoint(job, folder["killed"]);
            Process.GetProcessById(job.ProcessOf(1)).Kill();
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
                using Job job = Job.Start(OpenMpi, world, arguments);
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
        using Job job = Job.Start(OpenMpi, 2, folder["none.txt"], folder["stopped"], "200", "3");
        WaitForCheckpoint(job, folder["stopped"]);
        int stopped = job.ProcessOf(1);

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
        string abandoned = folder.Write("temporary/mlnetfm-job-killed-0/training.pixels", "");
        using Job job = Job.Start(OpenMpi, 2, [folder["none.txt"], folder["run"], "200", Number(LongTimeout)], folder["temporary"]);
        WaitForCheckpoint(job, folder["run"]);

        string[] first = FilesOf(job.ProcessOf(0)),
            second = FilesOf(job.ProcessOf(1));

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
        using Job job = Job.Start(OpenMpi, 2, folder["count.txt"], folder["sweep"]);

        Assert.True(job.End() == 0, job.Text);
        Assert.Equal(["6"], File.ReadAllLines(folder["count.txt"]));
        Assert.Equal(
            Enumerable.Range(0, 6).Select(trial => $"trial {Number(trial)}: Completed"),
            job.Text.Split('\n').Where(line => line.StartsWith("trial ", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
        );
    }

    private static string[] TrainAlone(params string[] arguments)
    {
        Programs.Run("RankTraining", arguments, ("OMP_NUM_THREADS", "1"));
        return File.ReadAllLines(arguments[0]);
    }

    // Of the second epoch or later.
    private static void WaitForCheckpoint(Job job, string workspace)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!Directory.Exists(workspace) || !Directory.EnumerateFiles(workspace, "checkpoint-000002*.ckpt", SearchOption.AllDirectories).Any())
        {
            Assert.False(job.HasEnded, job.Text);
            Assert.True(watch.Elapsed < Patience, job.Text);
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

    /// <summary>Processes that mpirun started, and what they wrote.</summary>
    private sealed class Job : IDisposable
    {
        private readonly Process _process;
        private readonly List<string> _lines = [];

        private Job(Process process)
        {
            _process = process;
            process.OutputDataReceived += (_, line) => Add(line.Data);
            process.ErrorDataReceived += (_, line) => Add(line.Data);
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
        }

        public string Text
        {
            get
            {
                lock (_lines)
                {
                    return string.Join('\n', _lines);
                }
            }
        }

        public bool HasEnded => _process.HasExited;

        public static Job Start(string launcher, int world, params string[] arguments) => Start(launcher, world, arguments, Path.GetTempPath());

        public static Job Start(string launcher, int world, string[] arguments, string temporary)
        {
            Skip.IfNot(
                (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, launcher))),
                $"{launcher} is not installed; on Debian, install {(launcher == OpenMpi ? "openmpi-bin" : "mpich")}."
            );
            // Tests run beside other processes, on few cores.
            string[] settings = launcher == OpenMpi ? ["--oversubscribe", "--bind-to", "none"] : [];
            ProcessStartInfo start = new(launcher, [.. settings, "-n", Number(world), Programs.Host, .. Programs.Command("RankTraining"), .. arguments])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            start.Environment["OMP_NUM_THREADS"] = "1";
            start.Environment["TMPDIR"] = temporary;
            // Containers run as root.
            start.Environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1";
            start.Environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
            // Containers may not read the memory of other processes.
            start.Environment["OMPI_MCA_btl_vader_single_copy_mechanism"] = "none";
            return new Job(Process.Start(start)!);
        }

        public int ProcessOf(int rank) => int.Parse(Regex.Match(Text, $@"rank {rank} of \d+: process (\d+)").Groups[1].Value, CultureInfo.InvariantCulture);

        /// <summary>Waits for the end and returns the exit code.</summary>
        public int End()
        {
            Assert.True(_process.WaitForExit(Patience), Text);
            _process.WaitForExit();
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill(entireProcessTree: true);
            }

            _process.Dispose();
        }

        private void Add(string? line)
        {
            if (line is not null)
            {
                lock (_lines)
                {
                    _lines.Add(line);
                }
            }
        }
    }
}
