using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Explaining;

namespace Microsoft.ML;

/// <summary>Ways to look into a trained image classifier.</summary>
public static class ExplanationExtensions
{
    /// <summary>Makes what shows where the image classifier of a model finds a class.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/> or an <see cref="ImageEnsembleTransformer"/>, or a chain with one in it.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one.</exception>
    public static ImageExplainer CreateImageExplainer(this ModelOperationsCatalog catalog, ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new ImageExplainer(Internals.EnvironmentOf(catalog), ModelParts.NetworksOf(model));
    }

    /// <summary>
    /// Writes one HTML file on a model and some rows: learning curves, confusion, classes, calibration, the worst pictures, where the network looks, its activations; of images with any
    /// number of classes each class's own confusion. The file loads nothing from anywhere and runs no script. Rows without a label, with one that the model does not know, or whose picture cannot be read, are counted and not measured; without any other, the report shows the pictures alone.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">The whole model, from the rows to the scores.</param>
    /// <param name="rows">As the model takes them.</param>
    /// <param name="path">The file; replaced as a whole.</param>
    /// <param name="options">What it shows; null for the defaults.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or a number of the options makes no sense.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveReport(this ModelOperationsCatalog catalog, ITransformer model, IDataView rows, string path, ModelReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelReportOptions wanted = options ?? new ModelReportOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(wanted.Worst);
        ArgumentOutOfRangeException.ThrowIfNegative(wanted.Pictures);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wanted.Activations);
        using ImageExplainer explainer = catalog.CreateImageExplainer(model);
        // Scoring must not stop where a picture is broken: the report counts it.
        ITransformer skipping = ModelParts.Replace(model, part => part is ImageClassificationTransformer network ? network.Skipping() : part is ImageEnsembleTransformer ensemble ? ensemble.Skipping() : part);
        List<(string, IReadOnlyList<StageActivations>)> compared = [];
        foreach ((string name, ITransformer other) in wanted.Compared)
        {
            using ImageExplainer others = catalog.CreateImageExplainer(other);
            compared.AddRange(others.ActivationsOfEach(other.Transform(rows), wanted.Activations).Select((stages, i) => (others.Networks.Count == 1 ? name : $"{name}, network {i + 1}", stages)));
        }
        AtomicFile.Write(path, stream => new ModelReport(explainer, wanted, compared).Write(skipping.Transform(rows), stream));
    }
}
