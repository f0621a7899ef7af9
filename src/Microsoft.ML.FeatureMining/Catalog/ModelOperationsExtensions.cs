using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reports;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Models;

namespace Microsoft.ML;

/// <summary>Ways to keep models, beside ML.NET's own Save and Load.</summary>
public static class ModelOperationsExtensions
{
    /// <summary>
    /// Saves as <see cref="ModelOperationsCatalog.Save(ITransformer, DataViewSchema, string)"/> does, but replaces the file as a whole: written beside it, flushed to the disk,
    /// renamed. A process that dies on the way leaves the old file or the new one.
    /// </summary>
    /// <exception cref="IOException">The disk is full, or the folder cannot be written to; the old file is as it was.</exception>
    public static void SaveAtomic(this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema? inputSchema, string filePath)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(filePath);
        AtomicFile.Write(filePath, stream => catalog.Save(model, inputSchema, stream));
    }

    /// <summary>Finds the trained network in a model: its backbone, classes, learning curve and recipe.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, or a chain with one in it, as Fit returns it and Load gives it back.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one; <see cref="ImageEnsembleTransformer.Members"/> are those of an ensemble.</exception>
    public static ImageClassificationModel GetImageModel(this ModelOperationsCatalog catalog, ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        return TransformerChains.ClassifierOf(model).Model;
    }

    /// <summary>
    /// Writes the image classifier of a pipeline as a folder that other programs can read: <c>manifest.json</c>, and <c>weights.safetensors</c> with PyTorch's names.
    /// The pipeline around it, MapValueToKey say, is not part of it.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, or a chain with one in it.</param>
    /// <param name="folder">Made where it is not there.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one.</exception>
    public static void ExportImageModel(this ModelOperationsCatalog catalog, ITransformer model, string folder)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        TransformerChains.ClassifierOf(model).Model.Artifact.SaveFolder(folder);
    }

    /// <summary>
    /// Loads what <see cref="ExportImageModel"/> wrote. Its columns are Image, Score and PredictedLabel; its keys have the classes' names as text.
    /// </summary>
    /// <exception cref="InvalidDataException">A file is damaged; the message says where.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static ImageClassificationTransformer LoadImageModel(this ModelOperationsCatalog catalog, string folder)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ModelArtifact artifact = ModelArtifact.LoadFolder(folder);
        string keyValues = artifact.Manifest.ClassNames is null ? "" : KeyItem.Text.Name;
        return new ImageClassificationTransformer(Internals.EnvironmentOf(catalog), artifact, new ScoringSettings { KeyValues = keyValues });
    }

    /// <summary>
    /// The same model scoring several views of each picture, whose probabilities are averaged. It is saved and loaded with them; its training, and the validation in it, looked at
    /// pictures as they are.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, an <see cref="ImageEnsembleTransformer"/>, or a chain with one of them in it. It stays as it is.</param>
    /// <param name="views">Which views.</param>
    /// <returns>A model of the same form, with memory of its own for the networks in it.</returns>
    /// <exception cref="ArgumentException">There is no image classifier in the model, or its pictures are planar floats, out of which ten crops cannot be cut.</exception>
    public static ITransformer WithTestTimeAugmentation(this ModelOperationsCatalog catalog, ITransformer model, TestTimeAugmentation views)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        if (!Enum.IsDefined(views))
            throw new ArgumentOutOfRangeException(nameof(views), views, "There are no such views.");
        bool found = false;
        ITransformer result = TransformerChains.Replace(model, part =>
        {
            found |= part is ImageClassificationTransformer or ImageEnsembleTransformer;
            return part switch
            {
                ImageClassificationTransformer classifier => classifier.With(views),
                ImageEnsembleTransformer ensemble => ensemble.With(views),
                _ => part,
            };
        });
        return found ? result : throw new ArgumentException("The model has no image classifier.", nameof(model));
    }

    /// <summary>
    /// The same model with one of the classifiers that share features (Split-and-Share, Lee et al. 2021) instead of their average: what it is worth by itself (table 2).
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, or a chain with one in it. It stays as it is.</param>
    /// <param name="number">Which classifier, from 1, the one that sees the fewest channels, to the number of splits.</param>
    /// <returns>A model of the same form, with memory of its own for its network.</returns>
    /// <exception cref="ArgumentException">There is not exactly one image classifier in the model, its head is another, or it has no classifier of that number.</exception>
    public static ITransformer WithClassifier(this ModelOperationsCatalog catalog, ITransformer model, int number)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ImageClassificationTransformer classifier = TransformerChains.ClassifierOf(model);
        return TransformerChains.Replace(model, part => ReferenceEquals(part, classifier) ? classifier.WithClassifier(number) : part);
    }
}

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
        return new ImageExplainer(Internals.EnvironmentOf(catalog), TransformerChains.NetworksOf(model));
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
        ITransformer skipping = TransformerChains.Replace(model, part => part is ImageClassificationTransformer network ? network.Skipping() : part is ImageEnsembleTransformer ensemble ? ensemble.Skipping() : part);
        List<(string, IReadOnlyList<StageActivations>)> compared = [];
        foreach ((string name, ITransformer other) in wanted.Compared)
        {
            using ImageExplainer others = catalog.CreateImageExplainer(other);
            compared.AddRange(others.ActivationsOfEach(other.Transform(rows), wanted.Activations).Select((stages, i) => (others.Networks.Count == 1 ? name : $"{name}, network {i + 1}", stages)));
        }
        AtomicFile.Write(path, stream => new ModelReport(explainer, wanted, compared).Write(skipping.Transform(rows), stream));
    }
}
