using System.Diagnostics;
using System.Text;
using Microsoft.ML.FeatureMining.Tests;
using Microsoft.ML.FeatureMining.Tests.Models.Hub;

namespace Samples.Tests;

/// <summary>
/// Files and folders that the user may not read or write: one sentence, the right exit code, and old files are intact. Root may do everything, so it runs the
/// program as another user.
/// </summary>
public sealed class PermissionTests : IDisposable
{
    private const UnixFileMode ReadOnlyFolder =
        UnixFileMode.UserRead
        | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead
        | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead
        | UnixFileMode.OtherExecute;

    private const UnixFileMode ReadOnlyFile = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Open = (UnixFileMode)0b111_111_111;

    // A user of no account, as "nobody" in a container.
    private static readonly string[] AsNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];

    private static readonly Lazy<string?> Problem = new(FindProblem);

    private readonly TemporaryFolder _folder;
    private readonly ColoredImages _images;
    private readonly Dictionary<string, string?> _variables = new() { ["HOME"] = null, ["OMP_NUM_THREADS"] = "1" };

    public PermissionTests()
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Modes of Linux.");
        Skip.If(Problem.Value is not null, Problem.Value);
        (_folder, _images) = (new TemporaryFolder(), new ColoredImages());
        SetMode(_folder.Path, Open);
        SetMode(_images.Root, Open);
        Directory.CreateDirectory(ReadOnly);
    }

    private string ReadOnly => _folder["read-only"];

    public void Dispose()
    {
        foreach (string folder in Directory.GetDirectories(_folder.Path))
        {
            SetMode(folder, Open);
        }

        _folder.Dispose();
        _images.Dispose();
    }

    // The inputs do not exist: the output is tried before them.
    [SkippableTheory]
    [InlineData("--model", "read-only/new.zip", "train", "--images", "missing")]
    [InlineData("--model", "read-only/old", "train", "--images", "missing")]
    [InlineData("--workspace", "read-only/runs", "train", "--images", "missing", "--no-model")]
    [InlineData("--report", "read-only/old", "evaluate", "--model", "missing.zip")]
    [InlineData("--out", "read-only/old", "explain", "--model", "missing.zip", "--images", "missing")]
    [InlineData("--out", "read-only/old", "ensemble", "--model", "missing.zip")]
    [InlineData("--out", "read-only/old", "calibrate", "--model", "missing.zip", "--images", "missing")]
    [InlineData("--onnx", "read-only/old", "export", "--model", "missing.zip")]
    [InlineData("--folder", "read-only/sweep", "sweep", "--images", "missing")]
    [InlineData("--out", "read-only/digits", "digits")]
    public void AReadOnlyFolder_IsToldBeforeTheWork(string option, string target, params string[] arguments)
    {
        _folder.Write("read-only/old", "old");
        SetMode(ReadOnly, ReadOnlyFolder);

        (int code, _, string error) = Run([.. arguments, option, target]);

        Assert.Equal(ExitCode.Failure, code);
        Assert.StartsWith($"error: {option}: nothing can be saved in '{ReadOnly}", error, StringComparison.Ordinal);
        Assert.EndsWith("This user may not write there.\n", error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Equal("old", File.ReadAllText(_folder["read-only/old"]));
        Assert.Single(Directory.GetFileSystemEntries(ReadOnly));
    }

    // The folder can be written, so that only the old file itself stands in the way.
    [SkippableFact]
    public void AReadOnlyModel_IsToldBeforeTheTrainingAndKept()
    {
        string old = _folder.Write("old.zip", "old");
        SetMode(old, ReadOnlyFile);

        (int code, _, string error) = Run("train", "--images", "missing", "--model", "old.zip");

        Assert.Equal(ExitCode.Failure, code);
        Assert.Equal("error: --model: 'old.zip' cannot be replaced: it is read-only for this user. Choose another name.\n", error);
        Assert.Equal("old", File.ReadAllText(old));
    }

    [SkippableTheory]
    [InlineData("model.zip", "evaluate", "--images", "IMAGES", "--model")]
    [InlineData("model.zip", "predict", "IMAGES", "--model")]
    [InlineData("model.onnx", "predict", "IMAGES", "--model")]
    [InlineData("model.zip", "export", "--onnx", "new.onnx", "--model")]
    [InlineData("model.zip", "explain", "--images", "IMAGES", "--out", "new.html", "--model")]
    public void AnUnreadableModel_IsNamed(string model, params string[] arguments)
    {
        SetMode(_folder.Write(model, "a model"), UnixFileMode.None);

        (int code, _, string error) = Run([.. arguments.Select(word => word == "IMAGES" ? _images.Root : word), model]);

        Assert.Equal(ExitCode.Failure, code);
        Assert.Equal($"error: Access to the path '{_folder[model]}' is denied.\n", error);
        Assert.Empty(Directory.GetFiles(_folder.Path, "new.*"));
    }

    [SkippableFact]
    public void UnreadableInitialWeights_AreNamedBeforeTheTraining()
    {
        SetMode(_folder.Write("weights.safetensors", "weights"), UnixFileMode.None);

        (int code, _, string error) = Run([.. Train, "--initial-weights", "weights.safetensors", "--no-model"]);

        Assert.Equal(ExitCode.Usage, code);
        Assert.Contains($"Access to the path '{_folder["weights.safetensors"]}' is denied.", error, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void AnUnreadableImage_EndsTrainingOrIsSkipped()
    {
        string image = MakeUnreadable();

        (int code, _, string error) = Run([.. Train, "--no-model"]);
        (int skipped, string output, string warnings) = Run([.. Train, "--no-model", "--unreadable", "skip"]);

        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains($"file '{image}', cannot be read: Access to the path '{image}' is denied.", error, StringComparison.Ordinal);
        Assert.True(skipped == ExitCode.Success, warnings);
        Assert.Contains(image, warnings, StringComparison.Ordinal);
        Assert.DoesNotContain("error", output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void AnUnreadableImage_IsNamedAndTheOthersArePredicted()
    {
        Assert.Equal(ExitCode.Success, Run([.. Train, "--model", "model.zip"]).Code);
        string image = MakeUnreadable();

        (int code, string output, string error) = Run("predict", "--model", "model.zip", _images.Root);
        (int inspected, string report, _) = Run("inspect", "--images", _images.Root, "--strict");

        Assert.Equal(ExitCode.Failure, code);
        Assert.Equal(3 * ColoredImages.PerClass - 1, output.Trim().Split('\n').Length);
        Assert.Equal($"error: {image}: Access to the path '{image}' is denied.\n", error);
        Assert.Equal(ExitCode.Failure, inspected);
        Assert.Contains("images that cannot be read: 1", report, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void AnUnreadableFolderOfAClass_IsNamed()
    {
        string folder = Path.Combine(_images.Root, "red");
        SetMode(folder, UnixFileMode.None);

        (int code, _, string error) = Run([.. Train, "--no-model"]);
        SetMode(folder, Open);

        Assert.Equal(ExitCode.Failure, code);
        Assert.Equal($"error: Access to the path '{folder}' is denied.\n", error);
    }

    // No training is lost to a folder for temporary files that cannot be written.
    [SkippableTheory]
    [InlineData("read-only")]
    [InlineData("read-only/missing")]
    public void NoFolderForTemporaryFiles_TheModelIsSaved(string temporary)
    {
        SetMode(ReadOnly, ReadOnlyFolder);
        _variables["TMPDIR"] = _folder[temporary];

        (int code, _, string error) = Run([.. Train, "--model", "model.zip"]);
        (int loaded, _, string problem) = Run("evaluate", "--model", "model.zip", "--images", _images.Root);
        _variables.Remove("TMPDIR");

        Assert.True(code == ExitCode.Success, error);
        Assert.Equal(["model.zip", "read-only"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(ExitCode.Success, Run("evaluate", "--model", "model.zip", "--images", _images.Root).Code);
        Assert.Equal(ExitCode.Failure, loaded);
        Assert.StartsWith(
            $"error: '{_folder["model.zip"]}' cannot be loaded as a model: ML.NET cannot write temporary files.",
            problem,
            StringComparison.Ordinal
        );
        Assert.Contains("Set TMPDIR", problem, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("CacheFolder=read-only/cache")]
    [InlineData("CacheFolder=read-only")]
    public void ACacheOfDecodedImagesThatCannotBeWritten_IsAWarning(string cache)
    {
        SetMode(ReadOnly, ReadOnlyFolder);

        (int code, _, string error) = Run([.. Train, "--no-model", "--set", "Storage=Disk", "--set", cache]);

        Assert.True(code == ExitCode.Success, error);
        Assert.Contains("warning: Decoded images cannot be stored on disk and will be decoded again in each epoch.", error, StringComparison.Ordinal);
        Assert.Contains(ReadOnly, error, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("HF_HOME", "read-only/hub")]
    [InlineData("HOME", "read-only")]
    public void ACacheOfWeightsThatCannotBeWritten_IsNamed(string variable, string home)
    {
        using HubServer server = new();
        server.Files["config.json"] = Encoding.UTF8.GetBytes(
            """{"architecture":"resnet18","pretrained_cfg":{"input_size":[3,96,96],"mean":[0,0,0],"std":[1,1,1]}}"""
        );
        server.Files["model.safetensors"] = new byte[1000];
        SetMode(ReadOnly, ReadOnlyFolder);
        _variables[variable] = _folder[home];
        _variables["HF_ENDPOINT"] = server.Address.ToString();

        (int code, _, string error) = Run("download", "timm/tiny");

        Assert.Equal(ExitCode.Failure, code);
        Assert.Contains(ReadOnly, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    private string[] Train => ["train", "--images", _images.Root, "--epochs", "1", .. TrainedProgram.Small];

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    private string MakeUnreadable()
    {
        string image = Directory.GetFiles(Path.Combine(_images.Root, "red")).Order(StringComparer.Ordinal).First();
        SetMode(image, UnixFileMode.None);
        return image;
    }

    private (int Code, string Output, string Error) Run(params string[] arguments) =>
        ToEnd(_folder.Path, _variables, [Path.Combine(AppContext.BaseDirectory, "Samples.dll"), .. arguments]);

    private static (int Code, string Output, string Error) ToEnd(string folder, Dictionary<string, string?> variables, string[] arguments)
    {
        string[] words = [.. Environment.IsPrivilegedProcess ? AsNobody : [], "dotnet", .. arguments];
        ProcessStartInfo start = new(words[0], words[1..])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string? value) in variables)
        {
            start.Environment[name] = value;
        }

        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    // Why the program cannot run as a user without rights; null if it can.
    private static string? FindProblem()
    {
        try
        {
            (int code, _, string error) = ToEnd("/", new() { ["HOME"] = null }, [Path.Combine(AppContext.BaseDirectory, "Samples.dll"), "--help"]);
            return code == 0 ? null : $"The program does not run as another user here: {error.Split('\n')[0]}";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"Root needs setpriv to be another user: {e.Message}";
        }
    }
}
