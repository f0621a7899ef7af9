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
        // Enough epochs that every kill hits a running training.
        string epochs = (10 * kills).ToString(CultureInfo.InvariantCulture);
        Programs.Run("TrainToEnd", [InRoot("whole"), InRoot("whole-model"), epochs, storage]);
        Random random = new(11);
        (int killed, int starts) = (0, 0);

        for (; killed < kills; killed++)
        {
            using Process process = Programs.Start("TrainToEnd", [InRoot("killed"), InRoot("killed-model"), epochs, storage]);
            AwaitEvents("killed", ++starts);
            if (process.WaitForExit(random.Next(400)))
            {
                break;
            }

            process.Kill();
            process.WaitForExit();
        }

        Programs.Run("TrainToEnd", [InRoot("killed"), InRoot("killed-model"), epochs, storage]);
        string[] events = Events("killed");
        output.WriteLine($"killed {killed} times; {events.Count(kind => kind == "resume")} resumed; {events.Count(kind => kind == "checkpoint")} checkpoints");
        Assert.True(killed >= Math.Min(kills, 4), $"The run ended after {killed} kills.");
        Assert.True(events.Count(kind => kind == "resume") >= killed);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(InRoot("whole-model"), "weights.safetensors")),
            File.ReadAllBytes(Path.Combine(InRoot("killed-model"), "weights.safetensors"))
        );
        Assert.Equal(Figures("whole-model"), Figures("killed-model"));
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
    public void TerminationSignal_WritesACheckpointBeforeExit(string signal)
    {
        Skip.IfNot(OperatingSystem.IsLinux() && File.Exists("/usr/bin/env"), "Signals are not available.");
        // A shell makes background processes and their children ignore SIGINT; env restores the default.
        string[] command = ["--default-signal=INT", Programs.Host, .. Programs.Command("TrainToEnd"), InRoot(signal), InRoot("model"), "100000"];
        using Process process = Process.Start("/usr/bin/env", command);
        AwaitCheckpoint(signal);

        Process.Start("/bin/sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"kill -{signal} {process.Id}")]).WaitForExit(); // the shell's kill: not every system has the program

        Assert.True(process.WaitForExit(30_000), "The process did not end.");
        Assert.Equal("checkpoint", Events(signal)[^1]);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Waits until a run has been started that many times and has since saved a checkpoint.</summary>
    private void AwaitEvents(string workspace, int starts) =>
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                    Directory.Exists(InRoot(workspace))
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
