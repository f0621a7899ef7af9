using Microsoft.ML.FeatureMining.Tests;

namespace Samples.Tests;

/// <summary>One short run of <c>train</c>, without <c>--model</c>, for all tests that need a model of the program.</summary>
public sealed class TrainedProgram : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TrainedProgram()
    {
        Images = new ColoredImages();
        Output = ProgramRun.Lines(
            "Samples",
            _folder.Path,
            ["train", "--images", Images.Root, "--test-fraction", "0.25", "--epochs", "3", "--lr", "0.05", "--seed", "1", .. Small]
        );
        Model = Directory.GetFiles(_folder["models"], "*.zip").Single();
    }

    /// <summary>Options of a network that trains in a second.</summary>
    public static string[] Small { get; } = ["--size", "12", "--backbone", "cifar-resnet-8", "--batch", "12", "--threads", "1", "--padding", "1"];

    public ColoredImages Images { get; }

    /// <summary>The model's file, in the folder that the program chose.</summary>
    public string Model { get; }

    /// <summary>What the program wrote.</summary>
    public string[] Output { get; }

    public string Folder => _folder.Path;

    public void Dispose()
    {
        Images.Dispose();
        _folder.Dispose();
    }
}
