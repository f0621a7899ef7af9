using System.CommandLine;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Hierarchies;

namespace Samples;

/// <summary>The option <c>--model</c>: a saved model.</summary>
internal static class ModelOption
{
    public static Option<FileInfo> Create() => new("--model") { Description = "The saved model, an ML.NET zip.", Required = true };

    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="InvalidDataException">The file is not a model, or the model cannot be loaded.</exception>
    public static ITransformer Load(MLContext ml, FileInfo file, out DataViewSchema input)
    {
        if (!file.Exists)
        {
            throw new FileNotFoundException($"The model '{file.FullName}' does not exist.");
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
