using System.Diagnostics;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>A process that trains a detector and is killed, also while it writes a checkpoint.</summary>
[Trait("Category", "Faults")]
public sealed class KilledDetectorTests : IDisposable
{
    private const string Epochs = "12";

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void KilledAtRandomTimes_ResumesBitIdentically()
    {
        Programs.Run("TrainDetector", [_folder["whole"], _folder["whole.zip"], Epochs]);
        Random random = new(5);
        int killed = 0;
        for (int i = 0; i < 3; i++)
        {
            using Process process = Programs.Start("TrainDetector", [_folder["killed"], _folder["killed.zip"], Epochs]);
            int before = Events("checkpoint");
            SpinWait.SpinUntil(() => process.HasExited || Events("checkpoint") > before, 60_000);
            process.WaitForExit(random.Next(200));
            process.Kill();
            process.WaitForExit();
            killed += process.ExitCode == 0 ? 0 : 1;
        }

        Programs.Run("TrainDetector", [_folder["killed"], _folder["killed.zip"], Epochs]);

        Assert.True(killed > 0, "The run ended before it was killed; train for more epochs.");
        Assert.True(Events("resume") >= killed);
        Assert.Equal(Weights("whole.zip"), Weights("killed.zip"));
    }

    public void Dispose() => _folder.Dispose();

    private int Events(string kind) =>
        Directory.Exists(_folder["killed"])
            ? Directory
                .GetFiles(_folder["killed"], "log.jsonl", SearchOption.AllDirectories)
                .SelectMany(File.ReadAllLines)
                .Count(line => line.EndsWith('}') && JsonDocument.Parse(line).RootElement.GetProperty("event").GetString() == kind)
            : 0;

    private byte[] Weights(string model)
    {
        using ZipArchive zip = ZipFile.OpenRead(_folder[model]);
        using Stream weights = zip.Entries.Single(entry => entry.Name == "weights.safetensors").Open();
        using MemoryStream copy = new();
        weights.CopyTo(copy);
        return copy.ToArray();
    }
}
