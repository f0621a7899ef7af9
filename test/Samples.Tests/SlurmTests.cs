using System.Runtime.Versioning;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>
/// Verbs in several processes: with <c>--jobs</c>, and with <c>--slurm</c> and an sbatch that runs the tasks of an array one after the other.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class SlurmTests(ColoredImages images) : IClassFixture<ColoredImages>, IDisposable
{
    private const string Sbatch = """
        #!/bin/bash
        [ "$1" = --parsable ] || exit 3
        grep -q refuse "$2" && { echo 'sbatch: error: invalid partition' >&2; exit 1; }
        count=$(sed -n 's/^#SBATCH --array=1-//p' "$2")
        export SLURM_ARRAY_TASK_COUNT=$count
        for i in $(seq 1 "$count"); do SLURM_ARRAY_TASK_ID=$i bash "$2" >> "$(dirname "$2")/task-$i.log" 2>&1; done
        echo '42;cluster'
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reproduce_DryRun_PrintsTheScript()
    {
        string[] lines = ProgramRun.Lines(
            "Samples",
            _folder.Path,
            "reproduce",
            "--jobs",
            "3",
            "feature-mining",
            "table-9",
            "--slurm",
            "--partition=gpu --time=2:00:00 --gres=gpu:1",
            "--dry-run",
            "--out",
            "two words",
            "--seeds",
            "2"
        );

        Assert.Equal(
            [
                "#!/bin/bash",
                "#SBATCH --job-name=reproduce",
                "#SBATCH --array=1-3",
                $"#SBATCH --output=\"{_folder["two words"]}/slurm/%A_%a.log\"",
                "#SBATCH --requeue",
                "#SBATCH --signal=B:TERM@60",
                "#SBATCH --partition=gpu --time=2:00:00 --gres=gpu:1",
            ],
            lines[..^1]
        );
        Assert.Matches("^exec .*dotnet .*Samples.dll reproduce feature-mining table-9 --out \"two words\" --seeds 2$", lines[^1]);
        Assert.False(Directory.Exists(_folder["two words"]));
    }

    [Fact]
    public void Reproduce_AnArrayOfTwo_DoesEachRunOnceAndWritesTheResult()
    {
        string[] table = ["reproduce", "feature-mining", "table-9", "--seeds", "2", "--threads", "1", "--rows", "ResNet-56+FM (2", "--out", _folder["out"]];
        (int code, string output, string error) = WithSbatch([.. table, "--slurm", "", "--jobs", "2"]);

        Assert.True(code == 0, error);
        Assert.Contains("Submitted job array 42; ", output, StringComparison.Ordinal);
        Assert.Contains("| ResNet-56+FM (2 layers) | 2 |", File.ReadAllText(_folder["out/feature-mining-table-9-tiny.md"]), StringComparison.Ordinal);
        Assert.Contains(", run 2 of 2", File.ReadAllText(_folder["out/slurm/task-1.log"]), StringComparison.Ordinal);
        Assert.DoesNotContain(", run ", File.ReadAllText(_folder["out/slurm/task-2.log"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Sweep_AnArrayOfTwo_IsSummedUpByTheSameCommandWithoutSlurm()
    {
        string[] sweep = Sweep("--model", _folder["best.zip"], "--csv", _folder["trials.csv"]);
        (int code, string output, string error) = WithSbatch([.. sweep, "--slurm", "--mem=2G", "--jobs", "2"]);
        Assert.True(code == 0, error);
        Assert.Contains("run the same command without --slurm", output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["best.zip"]));
        Assert.False(File.Exists(_folder["trials.csv"]));
        Assert.DoesNotContain("trials ended", File.ReadAllText(_folder["sweep/slurm/task-1.log"]), StringComparison.Ordinal);

        string[] lines = ProgramRun.Lines("Samples", _folder.Path, sweep);

        Assert.DoesNotContain(lines, line => line.StartsWith("trial ", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("best: trial", StringComparison.Ordinal));
        Assert.True(File.Exists(_folder["best.zip"]));
        Assert.Equal(1 + 3, File.ReadAllLines(_folder["trials.csv"]).Length);
    }

    [Fact]
    public void Sweep_TwoJobs_ShareTheTrialsAndSaveTheBest()
    {
        string[] lines = ProgramRun.Lines("Samples", _folder.Path, Sweep("--jobs", "2", "--model", _folder["best.zip"]));

        Assert.Equal(3, lines.Where(line => line.StartsWith("trial ", StringComparison.Ordinal)).Select(line => line[..9]).Distinct().Count());
        Assert.Contains(lines, line => line.StartsWith("best: trial", StringComparison.Ordinal));
        Assert.True(File.Exists(_folder["best.zip"]));
    }

    [Fact]
    public void Reproduce_TwoJobs_DoEachRunOnce()
    {
        string[] lines = ProgramRun.Lines(
            "Samples",
            _folder.Path,
            ["reproduce", "feature-mining", "table-9", "--seeds", "2", "--jobs", "2", "--rows", "ResNet-56+FM (2", "--out", _folder["out"]]
        );

        Assert.Contains(lines, line => line.StartsWith("| ResNet-56+FM (2 layers) | 2 |", StringComparison.Ordinal));
        Assert.Equal(2, Directory.GetFiles(_folder["out/runs"], "*.json").Length);
    }

    [Fact]
    public void Slurm_RefusedOrMissing_IsOneSentence()
    {
        (int refused, _, string reason) = WithSbatch(Sweep("--slurm", "--partition=refuse"));
        Dictionary<string, string> noSbatch = new() { ["PATH"] = Path.GetDirectoryName(Environment.ProcessPath)! };
        (int missing, _, string error) = ProgramRun.ToEnd("Samples", _folder.Path, noSbatch, Sweep("--slurm", ""));

        Assert.Equal((1, 1), (refused, missing));
        Assert.Contains("invalid partition", reason, StringComparison.Ordinal);
        Assert.StartsWith("error: There is no 'sbatch' here.", error, StringComparison.Ordinal);
    }

    private string[] Sweep(params string[] more) =>
        [
            "sweep",
            "--images",
            images.Root,
            .. TrainedProgram.Small,
            "--epochs",
            "1",
            "--trials",
            "3",
            "--vary",
            "LearningRate=0.01:0.1:log",
            "--folder",
            _folder["sweep"],
            .. more,
        ];

    private (int Code, string Output, string Error) WithSbatch(params string[] arguments)
    {
        string file = _folder.Write("bin/sbatch", Sbatch);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        string path = $"{_folder["bin"]}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        return ProgramRun.ToEnd("Samples", _folder.Path, new() { ["PATH"] = path }, arguments);
    }
}
