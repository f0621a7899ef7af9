using System.Diagnostics;
using System.Text.Json;
using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>Faults that users meet: the program tells of each, goes on where it can, and ends with the right code.</summary>
public sealed class NothingSilentTests(TrainedProgram trained) : IClassFixture<TrainedProgram>
{
    [Fact]
    public void Train_TellsAtTheStartWhatItWillDo()
    {
        string start = string.Join('\n', trained.Output.TakeWhile(line => !line.StartsWith("epoch ", StringComparison.Ordinal)));

        Assert.Contains("27 training images of 3 classes (9 to 9 per class)", start, StringComparison.Ordinal);
        Assert.Contains("9 test images of 3 classes are held out", start, StringComparison.Ordinal);
        Assert.Contains($"The model will be saved as {trained.Model}", start, StringComparison.Ordinal);
        Assert.Contains("Training cifar-resnet-8 on cpu: 27 training images (3x12x12)", start, StringComparison.Ordinal);
        Assert.Contains("77,587 parameters, 3 epochs of 3 steps of at most 12 images.", start, StringComparison.Ordinal);
        Assert.Contains(trained.Output, line => line.StartsWith("Next: predict --model models/", StringComparison.Ordinal));
    }

    [Fact]
    public void Train_ATinyTestFraction_HoldsOutOneImageOfEachClass()
    {
        string[] output = ProgramRun.Lines(
            "Samples",
            trained.Folder,
            ["train", "--images", trained.Images.Root, "--test-fraction", "0.01", "--epochs", "1", "--no-model", .. TrainedProgram.Small]
        );

        Assert.Contains(output, line => line.StartsWith("3 test images of 3 classes", StringComparison.Ordinal));
        Assert.Contains("3 rows measured", output);
    }

    [Fact]
    public void AnError_WithAnEscapeSequenceInAName_DoesNotReachTheTerminal()
    {
        (int code, _, string error) = Run("predict", "--model", "\u001b[31m\u202e.zip", "x.png");

        Assert.Equal(1, code);
        Assert.Contains("\\u001b[31m\\u202e.zip' does not exist", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', error);
    }

    [Fact]
    public void Evaluate_WithoutImages_MeasuresTheImagesThatTrainHeldOut()
    {
        string[] measured = ProgramRun.Lines("Samples", trained.Folder, "evaluate", "--model", trained.Model);

        Assert.Contains("9 rows measured", measured);
        Assert.Equal(Accuracy(trained.Output), Accuracy(measured));
    }

    [Fact]
    public void Evaluate_HeldOutImagesThatAreGone_AreTold()
    {
        using TemporaryFolder folder = new();
        File.Copy(trained.Model, folder["copy.zip"]);
        string[] list = File.ReadAllLines(Path.ChangeExtension(trained.Model, ".test.csv"));
        File.WriteAllLines(folder["copy.test.csv"], list.Append($"{folder["gone.png"]},red"));

        (int code, string output, string error) = Run("evaluate", "--model", folder["copy.zip"]);
        File.WriteAllLines(folder["copy.test.csv"], [list[0], $"{folder["gone.png"]},red"]);
        (int failed, _, string all) = Run("evaluate", "--model", folder["copy.zip"]);
        File.Delete(folder["copy.test.csv"]);
        (int usage, _, string none) = Run("evaluate", "--model", folder["copy.zip"]);

        Assert.Equal((0, 1, 2), (code, failed, usage));
        Assert.Contains("1 of 10 test images are gone", error, StringComparison.Ordinal);
        Assert.Contains("9 rows measured", output, StringComparison.Ordinal);
        Assert.Contains("None of the 1 test images", all, StringComparison.Ordinal);
        Assert.Contains("There is no list of test images beside the model", none, StringComparison.Ordinal);
    }

    [Fact]
    public void HeldOutList_ClassWithBlanksAroundItsName_IsMeasured()
    {
        using TemporaryFolder folder = new();
        Copy("red", folder["images/ red "]);
        Copy("blue", folder["images/blue"]);

        ProgramRun.Lines(
            "Samples",
            folder.Path,
            ["train", "--images", "images", "--test-fraction", "0.25", "--epochs", "1", "--model", "a.zip", "--recipe", "paper", .. TrainedProgram.Small]
        );
        string[] measured = ProgramRun.Lines("Samples", folder.Path, "evaluate", "--model", "a.zip");

        Assert.Contains("6 rows measured", measured);
    }

    [Fact]
    public async Task Predict_PatternInAFolderWithLinksToItself_Ends()
    {
        using TemporaryFolder folder = new();
        Copy("red", folder["images"]);
        Directory.CreateSymbolicLink(folder["images/up"], "..");
        Directory.CreateSymbolicLink(folder["images/self"], ".");

        using Process process = ProgramRun.Start("Samples", folder.Path, "predict", "--model", trained.Model, "images/**/*.png");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        bool ended = process.WaitForExit(TimeSpan.FromMinutes(1));
        process.Kill();

        Assert.True(ended);
        Assert.Equal(Directory.GetFiles(folder["images"]).Length, (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public void Inspect_ManyEqualImages_AreCountedOnOneShortLine()
    {
        using TemporaryFolder folder = new();
        foreach (int i in Enumerable.Range(0, 40))
        {
            File.Copy(
                Directory.GetFiles(Path.Combine(trained.Images.Root, "red"))[0],
                Path.Combine(Directory.CreateDirectory(folder[$"c{i % 2}"]).FullName, $"{i}.png")
            );
        }

        string[] lines = ProgramRun.Lines("Samples", folder.Path, "inspect", "--images", ".");

        Assert.Equal(2, lines.Count(line => line.EndsWith(" and 30 more", StringComparison.Ordinal)));
    }

    [Fact]
    public void Evaluate_ClassesInAnotherCase_AreNamedAndNotLeftOutInSilence()
    {
        using TemporaryFolder folder = new();
        Copy("red", folder["Red"]);
        Copy("blue", folder["blue"]);

        (int code, string output, string error) = Run("evaluate", "--model", trained.Model, "--images", folder.Path, "--report", folder["report.json"]);

        const string Expected = "12 of 24 rows measured; left out: 12 of unknown classes (Red 12; the model has 'red', which differs in case)";
        Assert.Equal(0, code);
        Assert.Contains(Expected, output, StringComparison.Ordinal);
        Assert.Contains($"warning: {Expected}", error, StringComparison.Ordinal);
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(folder["report.json"]));
        Assert.Equal(12, report.RootElement.GetProperty("test").GetProperty("left_out").GetInt32());
        Assert.Equal(Expected, report.RootElement.GetProperty("test").GetProperty("coverage").GetString());
    }

    [Fact]
    public void Evaluate_NoKnownClass_IsAnErrorAndNotZeroPercent()
    {
        using TemporaryFolder folder = new();
        Copy("red", folder["Red"]);
        Copy("blue", folder["Blue"]);

        (int code, string output, string error) = Run("evaluate", "--model", trained.Model, "--images", folder.Path);

        Assert.Equal(1, code);
        Assert.DoesNotContain("micro accuracy", output, StringComparison.Ordinal);
        Assert.Contains("There is nothing to measure: 0 of 24 rows measured; left out: 24 of unknown classes", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_ABadFileBetweenGoodOnes_GoesOnWithALineOfItsOwnAndFails()
    {
        using TemporaryFolder folder = new();
        string good = Directory.GetFiles(Path.Combine(trained.Images.Root, "red"))[0];
        string bad = folder.Write("bad.png", "no image"),
            empty = folder.Write("empty.png", "");

        (int code, string output, string error) = Run("predict", "--model", trained.Model, good, bad, empty, folder["missing.png"], good);

        Assert.Equal(1, code);
        Assert.Equal([good, good], Lines(output).Select(line => line.Split('\t')[0]));
        Assert.All(Lines(output), line => Assert.Matches(@"^[^\t]+\t(red|green|blue)\t\d+\.\d %$", line));
        string[] errors = Lines(error);
        Assert.Equal(3, errors.Length);
        Assert.Contains($"error: {folder["missing.png"]}: the file does not exist", errors);
        Assert.Contains($"error: {empty}: the file is empty", errors);
        Assert.Single(errors, line => line.StartsWith($"error: {bad}: ", StringComparison.Ordinal));
    }

    [Fact]
    public void Predict_FoldersPatternsAndFormats_AreUnderstood()
    {
        using TemporaryFolder folder = new();
        Copy("red", folder["a/x"]);
        Copy("blue", folder["a/y"]);
        string[] csv = Lines(Run("predict", "--model", trained.Model, folder["a"], "--format", "csv", "--top", "2").Output);
        string[] text = Lines(Run("predict", "--model", trained.Model, folder["a/**/*0.png"]).Output);
        (int code, string json, _) = Run("predict", "--model", trained.Model, folder["a/x/*.png"], folder["none/*.png"], "--format", "json");

        Assert.Equal("file,rank,class,probability", csv[0]);
        Assert.Equal(1 + 2 * 24, csv.Length);
        Assert.Equal(
            Directory.GetFiles(folder["a"], "*0.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
            text.Select(line => line.Split('\t')[0])
        );
        Assert.Equal(1, code);
        using JsonDocument parsed = JsonDocument.Parse(json);
        JsonElement[] entries = [.. parsed.RootElement.EnumerateArray()];
        Assert.Equal(13, entries.Length);
        Assert.Equal("no file matches this pattern", entries[^1].GetProperty("error").GetString());
        Assert.InRange(entries[0].GetProperty("predictions")[0].GetProperty("probability").GetDouble(), 1.0 / 3, 1);
    }

    [Fact]
    public void Predict_ControlCharactersInAName_DoNotBreakTheTable()
    {
        using TemporaryFolder folder = new();
        string odd = folder["tab\tescape\u001b[31m.png"];
        File.Copy(Directory.GetFiles(Path.Combine(trained.Images.Root, "red"))[0], odd);

        string line = Assert.Single(Lines(Run("predict", "--model", trained.Model, odd).Output));

        Assert.Equal(3, line.Split('\t').Length);
        Assert.Contains(@"tab\u0009escape\u001b[31m.png", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_ANamedPipeInAFolder_DoesNotHang()
    {
        using TemporaryFolder folder = new();
        Copy("red", folder["red"]);
        Copy("blue", folder["blue"]);
        folder.Write("red/photo.heic", "x");
        using Process pipe = Process.Start("mkfifo", folder["red/pipe.png"]);
        pipe.WaitForExit();

        (int code, string output, string error) = Run("inspect", "--images", folder.Path);

        Assert.Equal(0, code);
        Assert.StartsWith("24 images of 2 classes", output, StringComparison.Ordinal);
        Assert.Contains("1 file is a pipe and was not read", error, StringComparison.Ordinal);
        Assert.Contains("1 .heic file was not read: convert", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_ASplitFolder_TrainsValidatesAndMeasuresOnItsParts()
    {
        using TemporaryFolder folder = new();
        foreach (string part in new[] { "train", "val", "test" })
        {
            Copy("red", folder[$"{part}/red"]);
            Copy("blue", folder[$"{part}/blue"]);
        }

        string[] output = ProgramRun.Lines(
            "Samples",
            trained.Folder,
            ["train", "--images", folder.Path, "--epochs", "1", "--no-model", .. TrainedProgram.Small]
        );

        Assert.Contains(output, line => line.StartsWith("24 training images of 2 classes", StringComparison.Ordinal));
        Assert.Contains(output, line => line.Contains("24 validation images, 2 classes", StringComparison.Ordinal));
        Assert.Contains("24 rows measured", output);
    }

    [Fact]
    public void Train_AnEmptyClassFolder_IsNamedOrSkippedByOption()
    {
        using TemporaryFolder folder = new();
        Copy("red", folder["red"]);
        Copy("blue", folder["blue"]);
        Directory.CreateDirectory(folder["green"]);
        string[] arguments = ["train", "--images", folder.Path, "--epochs", "1", "--no-model", .. TrainedProgram.Small];

        (int code, _, string error) = Run(arguments);
        (int skipped, _, string warning) = Run([.. arguments, "--skip-empty-classes"]);

        Assert.Equal((1, 0), (code, skipped));
        Assert.Contains($"The class folder '{folder["green"]}' has no image.", error, StringComparison.Ordinal);
        Assert.Contains("skipped class folders without an image: green.", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void ADeletedWorkingFolder_IsSaid()
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Samples.dll");
        using TemporaryFolder folder = new();
        using Process process = Process.Start(
            new ProcessStartInfo("sh", ["-c", $"mkdir gone && cd gone && rmdir ../gone && dotnet '{program}' predict --model a.zip b.png"])
            {
                WorkingDirectory = folder.Path,
                RedirectStandardError = true,
            }
        )!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();

        Assert.DoesNotContain("   at ", error, StringComparison.Ordinal);
        Assert.NotEqual(0, process.ExitCode);
    }

    private static string Accuracy(IEnumerable<string> output) => output.Single(line => line.StartsWith("micro accuracy", StringComparison.Ordinal));

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static (int Code, string Output, string Error) Run(params string[] arguments) => ProgramRun.ToEnd("Samples", AppContext.BaseDirectory, arguments);

    private void Copy(string label, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(Path.Combine(trained.Images.Root, label)))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }
    }
}
