using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>
/// Files that earlier versions wrote, and the scores of those versions: Goldens/saved-models/VERSION, written by <c>TestPrograms KeptSamples make</c> of that
/// version. They must never be made again.
/// </summary>
public sealed class KeptFileTests : IClassFixture<SingleThreadFixture>
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Goldens", "saved-models");
    private static readonly string Images = Path.Combine(Folder, "images");

    public static TheoryData<string> Versions { get; } = ["0.2"];

    [Theory]
    [MemberData(nameof(Versions))]
    public void Load_Classifier_GivesItsScores(string version) => AssertScores(version, "classifier", Load(version, "classifier.zip"));

    [Theory]
    [MemberData(nameof(Versions))]
    public void Load_Ensemble_GivesItsScores(string version) => AssertScores(version, "ensemble", Load(version, "ensemble.zip"));

    [Theory]
    [MemberData(nameof(Versions))]
    public void Load_MultilabelModel_GivesItsScores(string version) => AssertScores(version, "multilabel", Load(version, "multilabel.zip"));

    [Theory]
    [MemberData(nameof(Versions))]
    public void Load_ExportedFolder_GivesTheScoresOfTheClassifier(string version)
    {
        MLContext ml = new(1);
        ITransformer model = ml.Model.LoadImageModel(Path.Combine(Folder, version, "exported"));

        AssertScores(version, "classifier", rows => model.Transform(ml.Transforms.CopyColumns("Image", "ImagePath").Fit(rows).Transform(rows)));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Load_Onnx_GivesTheScoresOfTheClassifier(string version)
    {
        MLContext ml = new(1);
        AssertScores(
            version,
            "classifier",
            rows =>
                ml.Transforms.ApplyImageClassifier(
                        Path.Combine(Folder, version, "classifier.onnx"),
                        new OnnxClassifierOptions { ImageColumnName = "ImagePath" }
                    )
                    .Fit(rows)
                    .Transform(rows)
        );
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void Fit_InAWorkspaceOfThatVersion_ResumesItsRun(string version)
    {
        using TemporaryFolder folder = new();
        string copy = CopyRun(version, folder);

        float[][] scores = Resume(folder);

        Assert.Contains("resumed after epoch 3", File.ReadAllText(Path.Combine(copy, "log.txt")), StringComparison.Ordinal);
        // Three steps of training round differently on other CPUs.
        AssertClose(Read(Path.Combine(Folder, version, "resumed.scores.csv")), scores, 1e-3f);
    }

    // What identifies a run has changed since 0.1, which wrote this one with the same settings.
    [Fact]
    public void Fit_InAWorkspaceOf01_StartsAnewAndKeepsTheOldRun()
    {
        using TemporaryFolder folder = new();
        string copy = CopyRun("0.1", folder);

        Assert.All(Resume(folder).SelectMany(row => row), score => Assert.InRange(score, 0, 1));

        string kept = Assert.Single(Directory.GetFileSystemEntries(copy));
        Assert.Equal(File.ReadAllBytes(Path.Combine(Folder, "0.1", "workspace", Path.GetFileName(copy), Path.GetFileName(kept))), File.ReadAllBytes(kept));
        string run = Assert.Single(Directory.GetDirectories(Path.GetDirectoryName(copy)!), run => run != copy);
        Assert.DoesNotContain("resumed", File.ReadAllText(Path.Combine(run, "log.txt")), StringComparison.Ordinal);
    }

    // The folder of the run in the copy.
    private static string CopyRun(string version, TemporaryFolder folder)
    {
        string run = Directory.GetDirectories(Path.Combine(Folder, version, "workspace")).Single();
        string copy = Directory.CreateDirectory(Path.Combine(folder.Path, "workspace", Path.GetFileName(run))).FullName;
        foreach (string file in Directory.GetFiles(run))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    private static float[][] Resume(TemporaryFolder folder)
    {
        string scores = Path.Combine(folder.Path, "scores.csv");
        Programs.Run("KeptSamples", ["resume", Images, Path.Combine(folder.Path, "workspace"), scores]);
        return Read(scores);
    }

    private static Func<IDataView, IDataView> Load(string version, string file) =>
        new MLContext(1).Model.LoadChecked(Path.Combine(Folder, version, file), out _).Transform;

    /// <summary>Asserts that a model gives the kept scores, on the kept images.</summary>
    internal static void AssertScores(string version, string name, Func<IDataView, IDataView> model)
    {
        IDataView rows = new MLContext(1).Data.LoadImageFolder(Images);

        float[][] scores = [.. model(rows).GetColumn<float[]>("Score")];

        // Rounding differs between CPUs.
        AssertClose(Read(Path.Combine(Folder, version, name + ".scores.csv")), scores, 1e-5f);
    }

    private static void AssertClose(float[][] expected, float[][] actual, float tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(
            expected.Zip(actual),
            pair =>
            {
                Assert.Equal(pair.First.Length, pair.Second.Length);
                Assert.All(pair.First.Zip(pair.Second), score => Assert.Equal(score.First, score.Second, tolerance));
            }
        );
    }

    private static float[][] Read(string path) =>
        [.. File.ReadLines(path).Select(line => line.Split(',').Select(value => float.Parse(value, CultureInfo.InvariantCulture)).ToArray())];
}
