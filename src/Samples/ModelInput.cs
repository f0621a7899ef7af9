using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;

namespace Samples;

/// <summary>The option <c>--model</c>: a saved or exported model.</summary>
internal static class ModelOption
{
    public static Option<FileInfo> Create() => new("--model") { Description = "The saved model, an ML.NET zip.", Required = true };

    /// <summary>For verbs that only score: the model may also be an ONNX file.</summary>
    public static Option<FileInfo> CreateForScoring() =>
        new("--model") { Description = "The saved model, an ML.NET zip, or one that was exported to ONNX.", Required = true };

    /// <summary>Loads a model of either kind. Images that cannot be read get NaN scores.</summary>
    /// <inheritdoc cref="Load"/>
    public static ITransformer LoadForScoring(MLContext ml, FileInfo file, out DataViewSchema input) =>
        IsOnnx(file) ? LoadOnnx(ml, file, out input) : ml.Model.WithUnreadableImages(Load(ml, file, out input), UnreadableImageBehavior.Skip);

    public static bool IsOnnx(FileInfo file) => file.Extension.Equals(".onnx", StringComparison.OrdinalIgnoreCase);

    // With the class names as keys, like a pipeline that train saves.
    private static TransformerChain<ITransformer> LoadOnnx(MLContext ml, FileInfo file, out DataViewSchema input)
    {
        OnnxClassifierOptions options = new() { OnUnreadableImage = UnreadableImageBehavior.Skip };
        OnnxImageClassifier classifier = ml.Transforms.ApplyImageClassifier(file.FullName, options);
        IDataView noRows = ml.Data.LoadFromEnumerable(Array.Empty<LabeledFile>());
        input = noRows.Schema;
        if (classifier.IsMultilabel)
        {
            return new TransformerChain<ITransformer>(classifier);
        }

        IDataView classes = ml.Data.LoadFromEnumerable(classifier.ClassNames.Select(name => new LabeledFile { Label = name }));
        return ml
            .Transforms.Conversion.MapValueToKey("Label", keyData: ml.Transforms.SelectColumns("Label").Fit(classes).Transform(classes))
            .Append(classifier)
            .Append<ITransformer>(ml.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(noRows);
    }

    private sealed class LabeledFile
    {
        public string ImagePath { get; set; } = "";

        public string Label { get; set; } = "";
    }

    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">The file is not a model, or the model cannot be loaded.</exception>
    public static ITransformer Load(MLContext ml, FileInfo file, out DataViewSchema input)
    {
        if (!file.Exists)
        {
            throw new FileNotFoundException(
                Directory.Exists(file.FullName)
                    ? $"The model '{file.FullName}' is a folder; give the saved model, an ML.NET zip."
                    : $"The model '{file.FullName}' does not exist."
            );
        }

        if (IsOnnx(file))
        {
            throw new InvalidDataException($"'{file.FullName}' is an ONNX file, which only predict and evaluate take. Give the saved model, an ML.NET zip.");
        }

        return ml.Model.LoadChecked(file.FullName, out input);
    }
}

/// <summary>The option <c>--tta</c>: test-time augmentation.</summary>
internal static class ViewsOption
{
    private static readonly Dictionary<string, TestTimeAugmentation> Names = new(StringComparer.Ordinal)
    {
        ["none"] = TestTimeAugmentation.None,
        ["flip"] = TestTimeAugmentation.Flip,
        ["ten-crop"] = TestTimeAugmentation.TenCrop,
    };

    public static Option<string?> Create()
    {
        Option<string?> option = new("--tta") { Description = "Test-time augmentation: average over these views of each image. Default: that of the model." };
        option.AcceptOnlyFromAmong([.. Names.Keys]);
        return option;
    }

    public static ITransformer Apply(MLContext ml, ITransformer model, string? views) =>
        views is null ? model : ml.Model.WithTestTimeAugmentation(model, Names[views]);
}

/// <summary>The option <c>--hierarchy</c>: a tree of classes.</summary>
internal static class HierarchyFile
{
    /// <summary>
    /// Reads a tree in Newick notation whose leaves are the rows' classes, or induces one from the classifier of a saved model (.zip) of the same classes.
    /// </summary>
    public static ClassHierarchy Read(MLContext ml, FileInfo file, IDataView rows) =>
        file.Extension == ".zip"
            ? ml.Model.GetImageModel(ModelOption.Load(ml, file, out _)).InduceHierarchy()
            : ClassHierarchy.Read(file.FullName, [.. ml.Data.CountClasses(rows).Select(entry => entry.Name)]);
}
