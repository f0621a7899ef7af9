using System.Diagnostics;
using System.IO.Compression;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Datasets;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Tests.MlNet;

namespace Microsoft.ML.FeatureMining.Tests.Faults;

/// <summary>Files that cannot be read, and transforms and loaders that fail: the error is the cause, with row and file.</summary>
[Collection(TrainedModelCollection.Name)]
public sealed class UnreadableInputTests(TrainedModel trained) : IDisposable
{
    // More than ML.NET reads ahead, so that the rows behind the bad one are in another batch.
    private const int Rows = 300;
    private const int Bad = 207;

    private static readonly FeatureMiningOptions Short = Tiny.Options with { Epochs = 1, BatchSize = 64 };

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Sources =>
        new()
        {
            { "missing", "bytes" },
            { "missing", "images" },
            { "missing", "paths" },
            { "directory", "bytes" },
            { "directory", "images" },
            { "directory", "paths" },
            { "dangling link", "bytes" },
            { "dangling link", "images" },
            { "dangling link", "paths" },
        };

    [Theory]
    [MemberData(nameof(Sources))]
    public void Fit_FileThatCannotBeRead_NamesRowAndFile(string fault, string source)
    {
        IDataView rows = RowsWith(fault, out string file);

        ImageDecodeException error = Assert.Throws<ImageDecodeException>(() => Pipeline(source).Fit(rows));

        AssertNames(error, file);
    }

    [Theory]
    [MemberData(nameof(Sources))]
    public void Transform_FileThatCannotBeRead_NamesRowAndFile(string fault, string source)
    {
        IDataView rows = RowsWith(fault, out string file);
        using ImageClassificationTransformer model = Model(source);

        ImageDecodeException error = Assert.Throws<ImageDecodeException>(() =>
            Before(source).Append(trained.Context.Transforms.CopyColumns("Copy", "Label")).Fit(rows).Transform(rows) is var loaded
                ? model.Transform(loaded).GetColumn<float[]>("Score").ToArray()
                : []
        );

        AssertNames(error, file);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("directory")]
    [InlineData("dangling link")]
    public void Skip_PathThatCannotBeRead_IsSkippedAndCounted(string fault)
    {
        IDataView rows = RowsWith(fault, out _);

        using ImageClassificationTransformer model = Pipeline("paths", UnreadableImageBehavior.Skip).Fit(rows).LastTransformer;

        Assert.Equal(1, model.Model.SkippedImages);
        float[][] scores = [.. model.Transform(rows).GetColumn<float[]>("Score")];
        Assert.All(scores[Bad], score => Assert.True(float.IsNaN(score)));
        Assert.Equal(Rows - 1, scores.Count(row => row.All(float.IsFinite)));
    }

    [Fact]
    public void Fit_TransformThatFails_NamesRowAndCause()
    {
        IDataView rows = RowsWith("none", out _);
        var pipeline = trained
            .Context.Transforms.CustomMapping<ImageFileRow, Weight>(
                (row, weight) => weight.Value = row.ImagePath.EndsWith("bad.png", StringComparison.Ordinal) ? throw new FormatException("no weight") : 1,
                null
            )
            .Append(trained.Context.Transforms.Concatenate("Image", Enumerable.Repeat(nameof(Weight.Value), 12 * 12 * 3).ToArray()))
            .Append(trained.Context.Transforms.Conversion.MapValueToKey("Label"))
            .Append(trained.Context.MulticlassClassification.Trainers.FeatureMining(Short));

        InvalidOperationException error = Assert.ThrowsAny<InvalidOperationException>(() => pipeline.Fit(rows));

        Assert.Contains("no weight", error.Message, StringComparison.Ordinal);
        Assert.Contains($"row {Bad}", error.Message, StringComparison.Ordinal);
        Assert.IsType<FormatException>(error.InnerException);
    }

    [Fact]
    public void LoadChecked_DamagedModel_NamesFileAndCause()
    {
        string path = _folder["model.zip"];
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, path);
        using (ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Update))
        {
            ZipArchiveEntry weights = zip.Entries.Single(entry => entry.FullName.EndsWith("weights.safetensors", StringComparison.Ordinal));
            string name = weights.FullName;
            weights.Delete();
            using Stream empty = zip.CreateEntry(name).Open();
            empty.Write(new byte[100]);
        }

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => trained.Context.Model.LoadChecked(path, out _));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidDataException>(error.InnerException);
        Assert.IsType<TargetInvocationException>(Assert.ThrowsAny<Exception>(() => trained.Context.Model.Load(path, out _)));
        Assert.Throws<FileNotFoundException>(() => trained.Context.Model.LoadChecked(_folder["no.zip"], out _));
    }

    [Theory]
    [InlineData("", "the file is empty.")]
    [InlineData("<html>", "it is not a zip file; ml.Model.Save writes zip files.")]
    [InlineData("PK and then nothing of a zip", "the zip file is truncated or damaged.")]
    public void LoadChecked_NotAModel_TellsWhatItIs(string content, string expected)
    {
        string path = _folder.Write("model.zip", content);

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => trained.Context.Model.LoadChecked(path, out _));

        Assert.Equal($"'{path}' cannot be loaded as a model: {expected}", error.Message);
    }

    [Fact]
    public void LoadChecked_ZipOfAnotherProgram_TellsIt()
    {
        using (ZipArchive zip = ZipFile.Open(_folder["photos.zip"], ZipArchiveMode.Create))
        {
            zip.CreateEntry("1.jpg");
        }

        InvalidDataException error = Assert.Throws<InvalidDataException>(() => trained.Context.Model.LoadChecked(_folder["photos.zip"], out _));

        Assert.EndsWith("the zip file is not an ML.NET model.", error.Message, StringComparison.Ordinal);
    }

    // ML.NET calls our loader by reflection, so that its own Load cannot say more; the cause is the innermost exception.
    [Fact]
    public void Load_DamagedModel_HasTheCauseInside()
    {
        string path = _folder["damaged.zip"];
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, path);
        byte[] content = File.ReadAllBytes(path);
        content[content.Length / 2] ^= 1;
        File.WriteAllBytes(path, content);

        Exception error = Assert.ThrowsAny<Exception>(() => trained.Context.Model.Load(path, out _));

        Assert.Contains("the checksum of its manifest and weights does not match", error.GetBaseException().Message, StringComparison.Ordinal);
        Assert.Contains("the checksum of its manifest and weights does not match", error.ToString(), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("pipe.png", "is a pipe or a device, not a file")]
    [InlineData("/dev/zero", "is a pipe or a device, not a file")]
    [InlineData("folder.png", "is a folder, not a file")]
    [InlineData("", "The path is empty")]
    public async Task PathOfNoFile_IsAnErrorAndIsNotReadForEver(string name, string expected)
    {
        Skip.IfNot(OperatingSystem.IsLinux(), "Pipes of Linux.");
        using (Process make = Process.Start("mkfifo", _folder["pipe.png"]))
        {
            make.WaitForExit();
        }

        Directory.CreateDirectory(_folder["folder.png"]);
        string path = name.Length == 0 || Path.IsPathRooted(name) ? name : _folder[name];
        IDataView rows = trained.Context.Data.LoadFromEnumerable([new PathRow { ImagePath = path }]);

        // Without an image column it reads the paths.
        ImageClassificationTransformer network = TransformerChains.ClassifierOf(trained.Model);
        ImageSetReport report = await Task.Run(() => trained.Context.Data.InspectImages(rows)).WaitAsync(TimeSpan.FromMinutes(1));
        ImageDecodeException error = await Task.Run(() =>
                Assert.Throws<ImageDecodeException>(() => network.Transform(rows).GetColumn<float[]>("Score").ToArray())
            )
            .WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Contains(expected, Assert.Single(report.Unreadable).Cause, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private sealed class PathRow
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    [Fact]
    public void LoadChecked_Model_GivesTheScoresOfLoad()
    {
        string path = _folder["model.zip"];
        trained.Context.Model.Save(trained.Model, trained.Rows.Schema, path);

        ITransformer loaded = trained.Context.Model.LoadChecked(path, out DataViewSchema schema);

        Assert.Equal(trained.Rows.Schema.Select(column => column.Name), schema.Select(column => column.Name));
        Assert.Equal(trained.Scores(trained.Model), trained.Scores(loaded));
    }

    // These wrap exceptions of the code that they call.
    [SkippableFact]
    public void Sources_ParallelLoopsAndCursors_AreThoseThatUnwrap() =>
        Assert.All(
            SourceTree.Files().Where(file => file.Path is not ("Pixels/ParallelLoop.cs" or "MlNet/Columns/InputRows.cs")),
            file =>
                Assert.DoesNotContain(
                    file.Lines,
                    line => Regex.IsMatch(line, @"\bParallel\.(For|Invoke)|(?<!public DataViewRowCursor(\[\])? |\[)GetRowCursor(Set)?\(|\.Invoke\(\w+, null\)")
                )
        );

    public void Dispose() => _folder.Dispose();

    private static void AssertNames(ImageDecodeException error, string file)
    {
        Assert.Contains($"row {Bad}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{file}'", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("Splitter", error.Message, StringComparison.Ordinal);
    }

    private IDataView RowsWith(string fault, out string file)
    {
        ImageFileRow[] rows = [.. Enumerable.Repeat(ImageFolder.Read(trained.Images.Root), Rows).SelectMany(all => all).Take(Rows)];
        file = _folder["bad.png"];
        if (fault == "directory")
        {
            Directory.CreateDirectory(file);
        }
        else if (fault == "dangling link")
        {
            File.CreateSymbolicLink(file, _folder["gone.png"]);
        }

        rows[Bad] = new ImageFileRow { ImagePath = file, Label = rows[Bad].Label };
        return trained.Context.Data.LoadFromEnumerable(rows);
    }

    private IEstimator<ITransformer> Load(string source) =>
        source switch
        {
            "bytes" => trained.Context.Transforms.LoadRawImageBytes("Image", null, "ImagePath"),
            "images" => trained.Context.Transforms.LoadImages("Image", null, "ImagePath"),
            _ => trained.Context.Transforms.CopyColumns("Image", "ImagePath"),
        };

    private EstimatorChain<ITransformer> Before(string source) =>
        new EstimatorChain<ITransformer>().Append(trained.Context.Transforms.Conversion.MapValueToKey("Label")).Append(Load(source));

    private EstimatorChain<ImageClassificationTransformer> Pipeline(string source, UnreadableImageBehavior behavior = UnreadableImageBehavior.Throw) =>
        Before(source)
            .Append(
                trained.Context.MulticlassClassification.Trainers.FeatureMining(
                    Short with
                    {
                        OnUnreadableImage = behavior,
                        ImageColumnName = source == "paths" ? "ImagePath" : "Image",
                    }
                )
            );

    private ImageClassificationTransformer Model(string source) =>
        source == "paths" ? Pipeline("paths").Fit(trained.Rows).LastTransformer : Pipeline(source).Fit(trained.Rows).LastTransformer;

    private sealed class Weight
    {
        public float Value { get; set; }
    }
}
