using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Xunit.Abstractions;

namespace Microsoft.ML.FeatureMining.Tests.Training.Runs;

/// <summary>Training processes with a checkpoint at each step that are killed at random times, also while they write.</summary>
[Trait("Category", "Faults")]
public sealed class KilledRunTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("killed-run-tests-").FullName;

    [Theory]
    [InlineData("Memory", 8, 50)]
    [InlineData("Disk", 4, 20)]
    [InlineData("Stream", 4, 20)]
    public void KilledAtRandomTimes_ResumesBitIdentically(string storage, int shortForm, int longForm)
    {
        int kills = TestLength.Of(shortForm, longForm);
        string epochs = (10 * kills).ToString(CultureInfo.InvariantCulture);
        Programs.Run("TrainToEnd", [InRoot("whole"), InRoot("whole-model"), epochs, storage]);
        Random random = new(11);

        // On a fast machine a run may end before it was killed as often as wanted; the remaining kills then hit another run.
        for (int run = 0, killed = 0; killed < kills; run++)
        {
            Assert.True(run < 10, "Runs end before they can be killed; train for more epochs.");
            killed += KillRepeatedly(run, kills - killed, storage, epochs, random);
        }
    }

    /// <summary>Kills one run up to that many times and lets it end; it must be as one that was not interrupted. Returns how often it was killed.</summary>
    private int KillRepeatedly(int run, int kills, string storage, string epochs, Random random)
    {
        (string workspace, string model) = ($"killed-{run}", $"killed-model-{run}");
        string[] arguments = [InRoot(workspace), InRoot(model), epochs, storage];
        int killed = 0;
        while (killed < kills)
        {
            using Process process = Programs.Start("TrainToEnd", arguments);
            AwaitEvents(process, workspace, killed + 1);
            bool ended = process.WaitForExit(random.Next(400));
            process.Kill();
            process.WaitForExit();
            if (ended || process.ExitCode == 0)
            {
                Assert.Equal(0, process.ExitCode);
                break;
            }

            killed++;
        }

        Programs.Run("TrainToEnd", arguments);
        string[] events = Events(workspace);
        output.WriteLine($"killed {killed} times; {events.Count(kind => kind == "resume")} resumed; {events.Count(kind => kind == "checkpoint")} checkpoints");
        Assert.True(events.Count(kind => kind == "resume") >= killed);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(InRoot("whole-model"), "weights.safetensors")),
            File.ReadAllBytes(Path.Combine(InRoot(model), "weights.safetensors"))
        );
        Assert.Equal(Figures("whole-model"), Figures(model));
        return killed;
    }

    [Fact]
    public void StartedTwice_SecondProcessFailsUntilTheFirstIsKilled()
    {
        using Process first = Programs.Start("TrainToEnd", [InRoot("twice"), InRoot("model"), "100000"]);
        AwaitCheckpoint("twice");

        using Process second = Programs.Start("TrainToEnd", [InRoot("twice"), InRoot("model"), "100000"]);
        string error = second.StandardError.ReadToEnd();
        second.WaitForExit();
        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains($" is already in use by process {first.Id} (", error, StringComparison.Ordinal);

        first.Kill();
        first.WaitForExit();
        using Process third = Programs.Start("TrainToEnd", [InRoot("twice"), InRoot("model"), "100000"]);
        Assert.True(SpinWait.SpinUntil(() => Events("twice").Contains("resume"), 30_000), "The lock of a killed process was not released.");
        third.Kill();
        third.WaitForExit();
    }

    [Fact]
    public void FileSystemWithoutLocks_TrainsAndWarns()
    {
        using StartedProgram program = StartedProgram.Start(
            "TrainToEnd",
            [InRoot("unlocked"), InRoot("unlocked-model"), "2"],
            ("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1")
        );
        Assert.Equal(0, program.End());
        Programs.Run("TrainToEnd", [InRoot("locked"), InRoot("locked-model"), "2"]);

        Assert.Equal("end", Events("unlocked")[^1]);
        Assert.Contains("There are no file locks in", Log("unlocked"), StringComparison.Ordinal);
        Assert.DoesNotContain("There are no file locks in", Log("locked"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void DiskTooSmallForACheckpoint_TrainingContinues()
    {
        Skip.IfNot(OperatingSystem.IsLinux() && File.Exists("/usr/bin/prlimit"), "prlimit, which simulates a full disk, is not available.");
        // From now on, writing files above 400,000 bytes fails as on a full disk: the checkpoints, but not the model.
        string[] script =
        [
            "-c",
            "trap '' XFSZ; exec \"$@\"",
            "sh",
            Programs.Host,
            .. Programs.Command("TrainToEnd"),
            InRoot("small"),
            InRoot("small-model"),
            "40",
        ];
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", script) { RedirectStandardOutput = true })!;
        Assert.Equal("training", process.StandardOutput.ReadLine());
        AwaitCheckpoint("small");

        Process.Start("/usr/bin/prlimit", ["--pid", process.Id.ToString(CultureInfo.InvariantCulture), "--fsize=400000"]).WaitForExit();
        process.WaitForExit();

        Assert.Equal(0, process.ExitCode);
        Assert.Equal("end", Events("small")[^1]);
        Assert.Contains("warning", Events("small"));
        Programs.Run("TrainToEnd", [InRoot("large"), InRoot("large-model"), "40"]);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(InRoot("large-model"), "weights.safetensors")),
            File.ReadAllBytes(Path.Combine(InRoot("small-model"), "weights.safetensors"))
        );
        // Earlier checkpoints are intact: a run resumes from them.
        Programs.Run("TrainToEnd", [InRoot("small"), InRoot("again-model"), "40"]);
        Assert.Contains("resume", Events("small"));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(InRoot("large-model"), "weights.safetensors")),
            File.ReadAllBytes(Path.Combine(InRoot("again-model"), "weights.safetensors"))
        );
    }

    [SkippableTheory]
    [InlineData("TERM")]
    [InlineData("INT")]
    [InlineData("HUP")]
    public void TerminationSignal_WritesACheckpointBeforeExit(string signal)
    {
        Skip.IfNot(OperatingSystem.IsLinux() && File.Exists("/usr/bin/env"), "Signals are not available.");
        // A shell makes background processes and their children ignore SIGINT; env restores the default.
        string[] command = ["--default-signal=INT,HUP", Programs.Host, .. Programs.Command("TrainToEnd"), InRoot(signal), InRoot("model"), "100000"];
        using Process process = Process.Start("/usr/bin/env", command);
        AwaitCheckpoint(signal);

        Process.Start("/bin/sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {process.Id}")]).WaitForExit(); // the shell's kill: not every system has the program

        Assert.True(process.WaitForExit(30_000), "The process did not end.");
        Assert.Equal("checkpoint", Events(signal)[^1]);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Waits until a run has been started that many times and has since saved a checkpoint, or has ended.</summary>
    private void AwaitEvents(Process process, string workspace, int starts) =>
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                    process.HasExited
                    || Directory.Exists(InRoot(workspace))
                        && Events(workspace) is var events
                        && events.Count(kind => kind == "start") >= starts
                        && events[^1] == "checkpoint",
                60_000
            ),
            "There was no checkpoint within a minute."
        );

    private void AwaitCheckpoint(string workspace) =>
        Assert.True(
            SpinWait.SpinUntil(
                () => Directory.Exists(InRoot(workspace)) && Directory.EnumerateFiles(InRoot(workspace), "*.ckpt", SearchOption.AllDirectories).Any(),
                60_000
            ),
            "There was no checkpoint within a minute."
        );

    private string InRoot(string name) => Path.Combine(_root, name);

    private string Log(string workspace) => File.ReadAllText(Directory.GetFiles(InRoot(workspace), "log.jsonl", SearchOption.AllDirectories).Single());

    private string[] Events(string workspace) =>
        [
            .. Directory
                .GetFiles(InRoot(workspace), "log.jsonl", SearchOption.AllDirectories)
                .SelectMany(File.ReadAllLines)
                .Where(line => line.EndsWith('}'))
                .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!),
        ];

    private string[] Figures(string model)
    {
        JsonElement manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(InRoot(model), "manifest.json"))).RootElement;
        return
        [
            .. manifest
                .GetProperty("history")
                .EnumerateArray()
                .Select(epoch =>
                    string.Join(' ', epoch.EnumerateObject().Where(figure => figure.Name != "seconds").Select(figure => figure.Value.GetRawText()))
                ),
            manifest.GetProperty("epoch").GetRawText(),
        ];
    }
}
