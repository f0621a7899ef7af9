using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Tests.MlNet;
using Xunit.Abstractions;

namespace Microsoft.ML.FeatureMining.Tests.Artifacts.Workspaces;

/// <summary>
/// Processes that train with a checkpoint at each step and are ended from outside at random moments, also while they write. MLNETFM_KILLS says how often (8; 50 in RELIABILITY.md).
/// </summary>
public sealed class KilledRunTests(ITestOutputHelper output) : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("killed-run-tests-").FullName;

    [Fact]
    public void KilledAtRandomMoments_GoesOnToTheSameBits()
    {
        int kills = int.Parse(Environment.GetEnvironmentVariable("MLNETFM_KILLS") ?? "8", CultureInfo.InvariantCulture);
        // Long enough that all kills find it at work: each leaves it about a second of training.
        string epochs = (10 * kills).ToString(CultureInfo.InvariantCulture);
        Programs.Run("TrainToEnd", [InRoot("whole"), InRoot("whole-model"), epochs]);
        Random random = new(11);
        int killed = 0;

        for (; killed < kills; killed++)
        {
            using Process process = Programs.Start("TrainToEnd", [InRoot("killed"), InRoot("killed-model"), epochs]);
            Assert.Equal("training", process.StandardOutput.ReadLine());
            if (process.WaitForExit(300 + random.Next(900)))
            {
                break;
            }

            process.Kill();
            process.WaitForExit();
        }

        Programs.Run("TrainToEnd", [InRoot("killed"), InRoot("killed-model"), epochs]);
        string[] events = Events("killed");
        output.WriteLine($"killed {killed} times; {events.Count(kind => kind == "resume")} resumed; {events.Count(kind => kind == "checkpoint")} checkpoints");
        Assert.True(killed >= Math.Min(kills, 4), $"The run was over after {killed} kills.");
        Assert.Contains("resume", events);
        Assert.Equal(File.ReadAllBytes(Path.Combine(InRoot("whole-model"), "weights.safetensors")), File.ReadAllBytes(Path.Combine(InRoot("killed-model"), "weights.safetensors")));
        Assert.Equal(Figures("whole-model"), Figures("killed-model"));
    }

    [SkippableTheory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public void Terminated_WritesACheckpointFirst(string signal)
    {
        Skip.If(OperatingSystem.IsWindows(), "There are no signals to send.");
        using Process process = Programs.Start("TrainToEnd", [InRoot(signal), InRoot("model"), "100000"]);
        Assert.Equal("training", process.StandardOutput.ReadLine());
        Assert.True(SpinWait.SpinUntil(() => Directory.Exists(InRoot(signal)) && Directory.EnumerateFiles(InRoot(signal), "*.ckpt", SearchOption.AllDirectories).Any(), 30_000));

        Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]).WaitForExit();

        Assert.True(process.WaitForExit(30_000), "The process did not end.");
        Assert.Equal("checkpoint", Events(signal)[^1]);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string InRoot(string name) => Path.Combine(_root, name);

    private string[] Events(string workspace) =>
    [
        .. File.ReadAllLines(Directory.GetFiles(InRoot(workspace), "log.jsonl", SearchOption.AllDirectories).Single())
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()!),
    ];

    private string[] Figures(string model)
    {
        JsonElement manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(InRoot(model), "manifest.json"))).RootElement;
        return
        [
            .. manifest.GetProperty("history").EnumerateArray().Select(epoch => string.Join(' ', epoch.EnumerateObject().Where(figure => figure.Name != "seconds").Select(figure => figure.Value.GetRawText()))),
            manifest.GetProperty("epoch").GetRawText(),
        ];
    }
}
