using System.Formats.Tar;
using System.Text;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>Tar files in WebDataset's layout on the command line.</summary>
public sealed class TarTests : IDisposable
{
    private readonly ColoredImages _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly (string Path, string Label)[] _rows;

    public TarTests()
    {
        _rows =
        [
            .. Directory
                .GetFiles(_images.Root, "*.png", SearchOption.AllDirectories)
                .OrderBy(Path.GetFileName, StringComparer.Ordinal)
                .Select(path => (path, Path.GetFileName(Path.GetDirectoryName(path)!))),
        ];
        foreach ((int number, (string Path, string Label)[] shard) in _rows.Chunk(_rows.Length / 2).Index())
        {
            using TarWriter tar = new(File.Create(_folder[$"{number}.tar"]));
            foreach ((string path, string label) in shard)
            {
                tar.WriteEntry(path, Path.GetFileName(path));
                int index = Array.IndexOf(["blue", "green", "red"], label);
                PaxTarEntry entry = new(TarEntryType.RegularFile, Path.ChangeExtension(Path.GetFileName(path), ".cls"))
                {
                    DataStream = new MemoryStream(Encoding.UTF8.GetBytes($"{index}")),
                };
                tar.WriteEntry(entry);
            }
        }

        _folder.Write("classes.txt", "blue\ngreen\nred\n");
        _folder.Write("list.csv", string.Join('\n', _rows.Select(row => $"{row.Path},{row.Label}").Prepend("ImagePath,Label")));
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Train_Tars_MeasuresAndPredictsAsAModelOfTheSameFiles()
    {
        string[] tars = ["tars", "{0..1}.tar", "classes.txt"];
        string expected = Report("list.zip", ["list", "list.csv"], ["list", "list.csv"]);

        Assert.Equal(expected, Report("tars.zip", tars, tars));
        Assert.Equal(expected, Report("tars.zip", null, ["list", "list.csv"]));

        string[] files = ProgramRun.Lines("Samples", _folder.Path, "predict", "--model", "list.zip", _rows[0].Path, _rows[1].Path);
        string[] lines = ProgramRun.Lines("Samples", _folder.Path, "predict", "--model", "tars.zip", "0.tar");
        Assert.Equal(_rows.Length / 2, lines.Length);
        Assert.Equal(files.Select(Prediction), lines.Take(2).Select(Prediction));
        Assert.StartsWith($"{_folder["0.tar"]}#{Path.GetFileName(_rows[0].Path)}\t", lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_ATarFileThatIsNone_NamesItAndScoresTheOthers()
    {
        Train("list.zip", ["list", "list.csv"]);
        _folder.Write("broken.tar", "no tar");

        (int code, string output, string error) = ProgramRun.ToEnd(
            "Samples",
            _folder.Path,
            "predict",
            "--model",
            "list.zip",
            "broken.tar",
            "1.tar",
            _rows[0].Path
        );

        Assert.Equal(1, code);
        Assert.Contains("error: broken.tar: ", error, StringComparison.Ordinal);
        Assert.Equal((_rows.Length / 2) + 1, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    private static string Prediction(string line) => line[line.IndexOf('\t', StringComparison.Ordinal)..];

    private void Train(string model, string[] data) =>
        ProgramRun.Lines(
            "Samples",
            _folder.Path,
            ["train", "--data", .. data, "--epochs", "1", "--lr", "0.05", "--seed", "1", .. TrainedProgram.Small, "--model", model]
        );

    private string Report(string model, string[]? train, string[] test)
    {
        if (train is not null)
        {
            Train(model, train);
        }

        ProgramRun.Lines("Samples", _folder.Path, ["evaluate", "--model", model, "--data", .. test, "--report", "report.json"]);
        return File.ReadAllText(_folder["report.json"]);
    }
}
