using System.Diagnostics;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>The verb reproduce from end to end, at the scale that measures nothing.</summary>
public sealed class ReproduceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("feature-mining", "table-2", new[] { "BYOT", "CS-KD" }, 4)]
    [InlineData("feature-mining", "figure-3", new[] { "ResNet-50" }, 3)]
    [InlineData("feature-mining", "table-8", new[] { "0.2, ResNet-110+FM" }, 2)]
    [InlineData("feature-mining", "activations", new[] { "ResNet-110" }, 2)]
    [InlineData("feature-mining", "figure-4", new[] { "5 a class" }, 4)]
    [InlineData("split-and-share", "table-2", new[] { "SSM" }, 2)]
    [InlineData("split-and-share", "table-3", new[] { "SSM" }, 2)]
    [InlineData("visual-inductive-priors", "table-1", new[] { "PSL" }, 3)]
    [InlineData("patch-training", "figure-7", new[] { "switch_epoch 1" }, 1)]
    public void TinyScale_AnEntry_GivesATableAPlotAndEveryMeasure(string paper, string entry, string[] rows, int count)
    {
        ProgramRun.Lines(
            "Samples",
            _folder.Path,
            ["reproduce", paper, entry, "--scale", "tiny", "--seeds", "1", "--threads", "1", "--out", _folder.Path, "--rows", .. rows]
        );

        string path = Path.Combine(_folder.Path, $"{paper}-{entry}-tiny");
        using JsonDocument result = JsonDocument.Parse(File.ReadAllText($"{path}.json"));
        JsonElement[] measured = [.. result.RootElement.GetProperty("rows").EnumerateArray()];
        Assert.Equal(count, measured.Length);
        Assert.All(measured, row => Assert.Equal(1, row.GetProperty("measures")[0].GetProperty("n").GetInt32()));
        Assert.All(measured, row => Assert.True(double.IsFinite(row.GetProperty("measures")[0].GetProperty("mean").GetDouble())));
        if (entry == "activations" || (paper, entry) == ("split-and-share", "table-2"))
        {
            Assert.All(
                measured,
                row => Assert.All(row.GetProperty("measures").EnumerateArray(), measure => Assert.Equal(1, measure.GetProperty("n").GetInt32()))
            );
        }

        Assert.Equal("svg", XDocument.Load($"{path}.svg").Root!.Name.LocalName);
        Assert.Equal(entry == "figure-3", File.Exists($"{path}-curves.svg"));
        Assert.Contains("| row | n |", File.ReadAllText($"{path}.md").Replace("| group ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder.Path, "runs")));
    }

    [Fact]
    public void Estimate_ComesBeforeTheRuns_AndThenFromThoseThatAreDone()
    {
        string[] arguments = ["reproduce", "feature-mining", "table-9", "--threads", "1", "--out", _folder.Path, "--rows", "ResNet-56+FM (2"];

        string[] dry = ProgramRun.Lines("Samples", _folder.Path, [.. arguments, "--seeds", "1", "--dry-run"]);
        string[] run = ProgramRun.Lines("Samples", _folder.Path, [.. arguments, "--seeds", "1"]);
        string[] more = ProgramRun.Lines("Samples", _folder.Path, [.. arguments, "--seeds", "3", "--dry-run"]);

        const string Guess = "feature-mining-table-9: 1 runs, 0 done; about 10 s for 1 runs, a guess until the first run is finished.";
        Assert.Equal($"# {Guess}", dry[1]);
        Assert.Equal(Guess, run[0]);
        Assert.Matches("^# feature-mining-table-9: 3 runs, 1 done; about [0-9]+ s for 2 runs, estimated from the finished runs[.]$", more[1]);
        Assert.StartsWith("The result is in ", run[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Estimate_AtTheSmallScale_IsMeasuredBeforeTheRunsAndNotByADryRun()
    {
        // 20 images of each class of CIFAR-100: coarse label, label, pixels.
        byte[] images = [.. Enumerable.Range(0, 2000).SelectMany(i => (byte[])[0, (byte)(i % 100), .. new byte[3 * 32 * 32]])];
        Array.ForEach(["train.bin", "test.bin"], file => File.WriteAllBytes(Path.Combine(_folder.Path, file), images));
        string[] arguments =
        [
            "reproduce",
            "feature-mining",
            "table-9",
            "--rows",
            "ResNet-56+FM (2",
            "--scale",
            "small",
            "--seeds",
            "1",
            "--threads",
            "1",
            "--cifar-100",
            _folder.Path,
            "--out",
            _folder["runs"],
        ];

        string[] dry = ProgramRun.Lines("Samples", _folder.Path, [.. arguments, "--dry-run"]);
        string? first;
        using (Process process = ProgramRun.Start("Samples", _folder.Path, arguments))
        {
            first = process.StandardOutput.ReadLine();
            process.Kill();
            process.WaitForExit();
        }

        Assert.EndsWith("a guess for two CPU cores until the first run is finished.", dry[1], StringComparison.Ordinal);
        Assert.Matches("^feature-mining-table-9: 1 runs, 0 done; about [0-9.]+ (s|min|h) for 1 runs, measured in the first steps on this machine[.]$", first);
        Assert.Empty(Directory.GetFiles(_folder["runs"], "*.json", SearchOption.AllDirectories));
    }

    [Fact]
    public void DryRun_OfAFolderThatIsGiven_NamesIt()
    {
        string[] arguments = ["reproduce", "feature-mining", "table-4", "--dry-run", "--scale", "small", "--seeds", "1", "--rows", "ResNet110+FM"];
        string open = ProgramRun.Lines("Samples", _folder.Path, arguments)[2],
            named = ProgramRun.Lines("Samples", _folder.Path, [.. arguments, "--tiny-imagenet", _folder["two words"]])[2];

        Assert.Contains("--data tiny-imagenet {tiny-imagenet} ", open, StringComparison.Ordinal);
        Assert.Contains($"--data tiny-imagenet \"{_folder["two words"]}\" ", named, StringComparison.Ordinal);
    }

    [Fact]
    public void TwoProcesses_OneFolder_DoEachRunOnce()
    {
        string[] arguments = ["reproduce", "feature-mining", "table-9", "--seeds", "2", "--threads", "1", "--out", _folder.Path, "--rows", "ResNet-56+FM"];
        using (
            Process one = ProgramRun.Start("Samples", _folder.Path, arguments),
                other = ProgramRun.Start("Samples", _folder.Path, arguments)
        )
        {
            foreach (Process process in new[] { one, other })
            {
                _ = process.StandardOutput.ReadToEndAsync();
                _ = process.StandardError.ReadToEndAsync();
            }

            one.WaitForExit();
            other.WaitForExit();
            Assert.Equal((0, 0), (one.ExitCode, other.ExitCode));
        }

        string[] reports = Directory.GetFiles(Path.Combine(_folder.Path, "runs"), "*.json");
        Assert.Equal(3 * 2, reports.Length);
        DateTime[] written = [.. reports.Select(File.GetLastWriteTimeUtc)];

        // What is done is not done again.
        string[] output = ProgramRun.Lines("Samples", _folder.Path, arguments);

        Assert.Equal(written, reports.Select(File.GetLastWriteTimeUtc));
        Assert.DoesNotContain(output, line => line.Contains("run 1 of", StringComparison.Ordinal));
        Assert.Contains(output, line => line.StartsWith("| ResNet-56+FM (2 layers) | 2 |", StringComparison.Ordinal));
    }

    [Fact]
    public void Train_KilledAndGoneOn_ReportsEveryEpoch()
    {
        ProgramRun.Lines("Samples", _folder.Path, ["digits", "--out", _folder["digits"]]);
        string report = _folder["report.json"];
        string[] arguments =
        [
            "train",
            "--images",
            _folder["digits/test"],
            "--test-images",
            _folder["digits/test"],
            "--backbone",
            "cifar-resnet-8",
            "--size",
            "8",
            "--channels",
            "1",
            "--epochs",
            "8",
            "--seed",
            "1",
            "--threads",
            "1",
            "--workspace",
            _folder["runs"],
            "--report",
            report,
        ];
        using (Process process = ProgramRun.Start("Samples", _folder.Path, arguments))
        {
            _ = process.StandardError.ReadToEndAsync();
            while (process.StandardOutput.ReadLine() is { } line && !line.TrimStart().StartsWith("epoch   3/8", StringComparison.Ordinal)) { }

            process.Kill();
            process.WaitForExit();
        }

        Assert.False(File.Exists(report));
        ProgramRun.Lines("Samples", _folder.Path, arguments);

        using JsonDocument written = JsonDocument.Parse(File.ReadAllText(report));
        Assert.Equal("cifar-resnet-8", written.RootElement.GetProperty("recipe").GetProperty("backbone").GetString());
        Assert.Equal(
            Enumerable.Range(1, 8),
            written.RootElement.GetProperty("history").EnumerateArray().Select(epoch => epoch.GetProperty("epoch").GetInt32())
        );
    }

    [Fact]
    public void WithoutAPaper_ListsAll_AndRubbishIsAUsersError()
    {
        Assert.Contains(
            ProgramRun.Lines("Samples", _folder.Path, ["reproduce"]),
            line => line.StartsWith("feature-mining", StringComparison.Ordinal) && line.Contains("table-9", StringComparison.Ordinal)
        );
        Assert.Contains("There is no paper 'nobody'", Failure(["reproduce", "nobody"]), StringComparison.Ordinal);
        Assert.Contains("has no 'table-77'", Failure(["reproduce", "feature-mining", "table-77"]), StringComparison.Ordinal);
        Assert.Contains(
            "No row of feature-mining-figure-4 matches --rows. Its rows: 5 a class, ResNet-56;",
            Failure(["reproduce", "feature-mining", "figure-4", "--rows", "six", "--out", _folder.Path]),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "needs --cifar-100 FOLDER",
            Failure(["reproduce", "feature-mining", "table-9", "--scale", "small", "--out", _folder.Path]),
            StringComparison.Ordinal
        );
    }

    private string Failure(string[] arguments)
    {
        (int code, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, arguments);
        Assert.Equal(2, code);
        return error;
    }
}
