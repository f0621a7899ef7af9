using System.IO.Compression;
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

/// <summary>Saves, exports and changes models, in addition to ML.NET's own Save and Load.</summary>
public static class ModelOperationsExtensions
{
    /// <summary>
    /// Saves a model as <see cref="ModelOperationsCatalog.Save(ITransformer, DataViewSchema, string)"/> does, but replaces the file atomically: it writes a
    /// temporary file in the same folder, flushes it to disk and renames it. If the process dies meanwhile, the file is either the old one or the new one.
    /// Weights are stored uncompressed: compression hardly makes them smaller, and loading is faster.
    /// </summary>
    /// <exception cref="IOException">The disk is full or the folder is not writable. The old file is unchanged.</exception>
    public static void SaveAtomic(this ModelOperationsCatalog catalog, ITransformer model, DataViewSchema? inputSchema, string filePath)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(filePath);
        AtomicFile.Write(
            filePath,
            stream =>
            {
                // ML.NET makes temporary files, too. A context of its own, so that this one's settings need not change meanwhile.
                using ScratchFolder scratch = ScratchFolder.Create(
                    Internals.TemporaryFilesOf(Internals.EnvironmentOf(catalog)),
                    Path.GetDirectoryName(Path.GetFullPath(filePath))!
                );
                using FileStream compressed = new(Path.Combine(scratch.Path, "model.zip"), FileMode.CreateNew, FileAccess.ReadWrite);
                new MLContext { TempFilePath = scratch.Path }.Model.Save(model, inputSchema, compressed);
                ModelZip.StoreWeights(compressed, stream);
            }
        );
    }

    /// <summary>
    /// Loads a model as <see cref="ModelOperationsCatalog.Load(string, out DataViewSchema)"/> does. If it cannot be loaded, the error names the file and the
    /// cause, where Load throws a <see cref="System.Reflection.TargetInvocationException"/>.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="filePath">The file.</param>
    /// <param name="inputSchema">The schema of the input; null if the model was saved without.</param>
    /// <exception cref="InvalidDataException">The file is not a model, is damaged, or needs a part that this program does not have.</exception>
    /// <exception cref="IOException">The file is missing or cannot be read, or the folder for temporary files cannot be written.</exception>
    public static ITransformer LoadChecked(this ModelOperationsCatalog catalog, string filePath, out DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(filePath);
        using FileStream file = File.OpenRead(filePath);
        try
        {
            return catalog.Load(file, out inputSchema);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            Exception cause = InputRows.Cause(e);
            throw cause is UnauthorizedAccessException or DirectoryNotFoundException
                // ML.NET unpacks the zip there.
                ? new IOException(
                    $"'{filePath}' cannot be loaded as a model: ML.NET cannot write temporary files. {cause.Message} Set TMPDIR or MLContext.TempFilePath.",
                    cause
                )
                : new InvalidDataException($"'{filePath}' cannot be loaded as a model: {Explain(cause, file)}", cause);
        }
    }

    // ML.NET says only "Failed to open a zip archive", or "Could not load legacy format model" for another program's zip file.
    private static string Explain(Exception cause, FileStream file)
    {
        try
        {
            using ZipArchive zip = new(file, ZipArchiveMode.Read, leaveOpen: true);
            return zip.Entries.Any(entry => entry.FullName.Replace('\\', '/') == "TrainingInfo/Version.txt")
                ? cause.Message
                : "the zip file is not an ML.NET model.";
        }
        catch (InvalidDataException)
        {
            byte[] start = new byte[2];
            file.Position = 0;
            return file.Length == 0 ? "the file is empty."
                : file.Read(start) < start.Length || !"PK"u8.SequenceEqual(start) ? "it is not a zip file; ml.Model.Save writes zip files."
                : "the zip file is truncated or damaged.";
        }
    }

    /// <summary>Finds the trained network in a model, with its backbone, classes, training history and recipe.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, or a chain that contains one, as returned by Fit and Load.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one. For an ensemble, use
    /// <see cref="ImageEnsembleTransformer.Members"/>.</exception>
    public static ImageClassificationModel GetImageModel(this ModelOperationsCatalog catalog, ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        return TransformerChains.ClassifierOf(model).Model;
    }

    /// <summary>
    /// Exports the image classifier of a pipeline to a folder that other programs can read: <c>manifest.json</c>, and <c>weights.safetensors</c> with PyTorch's
    /// parameter names. Other steps of the pipeline, such as MapValueToKey, are not exported.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, or a chain that contains one.</param>
    /// <param name="folder">The folder; created if it does not exist.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one.</exception>
    public static void ExportImageModel(this ModelOperationsCatalog catalog, ITransformer model, string folder)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        TransformerChains.ClassifierOf(model).Model.Saved.SaveFolder(folder);
    }

    /// <summary>
    /// Loads a folder written by <see cref="ExportImageModel"/>. The columns are Image, Score and PredictedLabel; the key values of PredictedLabel are the
    /// class names as text.
    /// </summary>
    /// <exception cref="InvalidDataException">A file is damaged; the message names the file or the entry.</exception>
    /// <exception cref="IOException">A file is missing or cannot be read.</exception>
    public static ImageClassificationTransformer LoadImageModel(this ModelOperationsCatalog catalog, string folder)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        SavedModel saved = SavedModel.LoadFolder(folder);
        string keyValues = saved.Manifest.ClassNames is null ? "" : KeyItem.Text.Name;
        return new ImageClassificationTransformer(Internals.EnvironmentOf(catalog), saved, new ScoringSettings { KeyValues = keyValues });
    }

    /// <summary>
    /// Exports the last image classifier or ensemble of a model to an ONNX file, which runs in ML.NET, ONNX Runtime and Python without this library. The ONNX
    /// model takes a batch of images and returns the probabilities <c>Score</c> [N,K] and <c>PredictedLabel</c>: the name of the most probable class [N], or,
    /// for a multi-label model, 0 or 1 per class [N,K]. Resizing, normalization and test-time augmentation are included. Other steps of a pipeline are not.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, an <see cref="ImageEnsembleTransformer"/>, or a chain that contains one of
    /// them.</param>
    /// <param name="filePath">The file; replaced atomically. If its weights have more than 2 GB, they are in a second file beside it, whose name starts with
    /// that of the first, ends with <c>.data</c> and has the hash of its content in between.</param>
    /// <param name="options">The input and the format; null for the defaults.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or cannot have the input that the options ask for.</exception>
    /// <exception cref="NotSupportedException">A module of your own network or head cannot be exported; the message says what to implement.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void ExportOnnx(this ModelOperationsCatalog catalog, ITransformer model, string filePath, OnnxExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentException.ThrowIfNullOrEmpty(filePath);
        IReadOnlyList<(ImageClassificationTransformer Network, double Share)> networks = TransformerChains.NetworksOf(
            TransformerChains.LastClassifierOf(model)
        );
        new OnnxExporter(
            [.. networks.Select(part => (part.Network.Model.Saved, part.Share))],
            networks[0].Network.Keys.Names,
            options ?? new OnnxExportOptions()
        ).Write(filePath);
    }

    /// <summary>
    /// Returns the same model with test-time augmentation: it scores several views of each image and averages their probabilities. The setting is saved and
    /// loaded with the model. Training and validation are not affected.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, an <see cref="ImageEnsembleTransformer"/>, or a chain that contains one of them. It
    /// is not changed.</param>
    /// <param name="views">The views to score.</param>
    /// <returns>A model with the same structure and its own copy of the networks.</returns>
    /// <exception cref="ArgumentException">The model has no image classifier, or its images are planar floats, which do not support ten-crop.</exception>
    public static ITransformer WithTestTimeAugmentation(this ModelOperationsCatalog catalog, ITransformer model, TestTimeAugmentation views)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        if (!Enum.IsDefined(views))
        {
            throw new ArgumentOutOfRangeException(nameof(views), views, "Unknown test-time augmentation; use None, Flip or TenCrop.");
        }

        return TransformerChains.ReplaceClassifiers(model, classifier => classifier.With(views), ensemble => ensemble.With(views));
    }

    /// <summary>
    /// Returns the same model with calibrated probabilities: temperature scaling (Guo et al. 2017) divides the logits by the one number T that minimizes the
    /// cross entropy of the given rows. The order of the classes of an image does not change, nor does the accuracy. The temperature is saved, loaded and
    /// exported with the model, see <see cref="ImageClassificationModel.Temperature"/>; it is logged to MLContext.Log.
    /// </summary>
    /// <remarks>
    /// With test-time augmentation, and in an ensemble, the probabilities that are averaged share one temperature, fitted to the cross entropy of their mean;
    /// it multiplies the temperatures that the networks have. The accuracy may then change a little. Calibrate after these settings, not before.
    /// </remarks>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">A model with one <see cref="ImageClassificationTransformer"/> or <see cref="ImageEnsembleTransformer"/>, from the rows to the
    /// scores. It is not changed.</param>
    /// <param name="rows">Labeled rows that the model was not trained on, in its input schema: a few hundred or more, as a validation set. Rows without a known
    /// label, and unreadable images, are left out.</param>
    /// <param name="labelColumnName">The label column of the model's output: a key with the classes of the model; for a multi-label model, a set of
    /// classes.</param>
    /// <returns>A model with the same structure and its own copy of the networks.</returns>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one, or the labels have other classes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type.</exception>
    /// <exception cref="InvalidOperationException">There is no row with a label and an image, or no temperature fits them: for example if all are classified
    /// correctly.</exception>
    public static ITransformer Calibrate(this ModelOperationsCatalog catalog, ITransformer model, IDataView rows, string labelColumnName = "Label")
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentException.ThrowIfNullOrEmpty(labelColumnName);
        IReadOnlyList<(ImageClassificationTransformer Network, double Share)> networks = TransformerChains.NetworksOf(model);
        double factor = TemperatureFit.Of(networks, model.Transform(rows), labelColumnName);
        return TransformerChains.ReplaceClassifiers(model, classifier => classifier.WithTemperature(factor), ensemble => ensemble.WithTemperature(factor));
    }

    /// <summary>
    /// Returns the same model with another policy for images that cannot be read: Throw ends scoring with an error that names the file; Skip gives such an
    /// image NaN scores and no predicted label (a detector: no objects), so that the others are scored.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">A classifier (<see cref="ImageClassificationTransformer"/>), an ensemble (<see cref="ImageEnsembleTransformer"/>), a classifier in
    /// ONNX, an object detector, or a chain that contains one of them.</param>
    /// <param name="behavior">The policy.</param>
    /// <returns>A model with the same structure and the same networks, not copies.</returns>
    /// <exception cref="ArgumentException">The model has none of them.</exception>
    public static ITransformer WithUnreadableImages(this ModelOperationsCatalog catalog, ITransformer model, UnreadableImageBehavior behavior)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        if (!Enum.IsDefined(behavior))
        {
            throw new ArgumentOutOfRangeException(nameof(behavior), behavior, "Unknown policy for unreadable images; use Throw or Skip.");
        }

        return WithSettings(model, settings => settings with { OnUnreadableImage = behavior });
    }

    /// <summary>
    /// Returns the same model with another limit of the images that it decodes. A service that scores uploads sets a low one: a PNG of 20 kB can have 170
    /// million pixels, and decoding needs up to 15 bytes of memory per pixel.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">A classifier (<see cref="ImageClassificationTransformer"/>), an ensemble (<see cref="ImageEnsembleTransformer"/>), a classifier in
    /// ONNX, an object detector, or a chain that contains one of them.</param>
    /// <param name="maxPixels">The most pixels of an image, at least 1. A larger image counts as unreadable.</param>
    /// <returns>A model with the same structure and the same networks, not copies.</returns>
    /// <exception cref="ArgumentException">The model has none of them.</exception>
    public static ITransformer WithMaxPixels(this ModelOperationsCatalog catalog, ITransformer model, long maxPixels)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxPixels);
        return WithSettings(model, settings => settings with { MaxPixels = maxPixels });
    }

    /// <summary>
    /// Returns the same model with only one classifier of its Split-and-Share head (Lee et al. 2021) instead of the average of all, to measure the accuracy of
    /// that classifier (Table 2).
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/>, or a chain that contains one. It is not changed.</param>
    /// <param name="number">The number of the classifier, from 1 to the number of splits; classifier 1 sees the fewest channels.</param>
    /// <returns>A model with the same structure and its own copy of the network.</returns>
    /// <exception cref="ArgumentException">The model does not have exactly one image classifier, its head is not a Split-and-Share head, or the number is out
    /// of range.</exception>
    public static ITransformer WithClassifier(this ModelOperationsCatalog catalog, ITransformer model, int number)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(model);
        ImageClassificationTransformer classifier = TransformerChains.ClassifierOf(model);
        return TransformerChains.Replace(model, part => ReferenceEquals(part, classifier) ? classifier.WithClassifier(number) : part);
    }

    private static ITransformer WithSettings(ITransformer model, Func<ScoringSettings, ScoringSettings> change) =>
        TransformerChains.ReplaceSome(model, part => (part as IScoringTransformer)?.With(change), "The model has no part that scores images.");
}

/// <summary>Explains trained image classifiers.</summary>
public static class ExplanationExtensions
{
    /// <summary>Creates an explainer, which shows which regions of an image speak for a class.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">An <see cref="ImageClassificationTransformer"/> or an <see cref="ImageEnsembleTransformer"/>, or a chain that contains one.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one.</exception>
    public static ImageExplainer CreateImageExplainer(this ModelOperationsCatalog catalog, ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new ImageExplainer(Internals.EnvironmentOf(catalog), TransformerChains.NetworksOf(model));
    }

    /// <summary>
    /// Writes an HTML report on a model and some rows: learning curves, confusion matrix, metrics per class, calibration, the images with the highest loss,
    /// activation maps and activations; for multi-label models, the confusion matrix of each class. The file is self-contained: it loads nothing and runs no
    /// script. Rows that have no label, an unknown label or an unreadable image are counted and not measured. If no other rows remain, the report shows images
    /// and maps only.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="model">The complete model, from the rows to the scores.</param>
    /// <param name="rows">The rows, in the model's input schema.</param>
    /// <param name="path">The HTML file; replaced atomically.</param>
    /// <param name="options">The contents of the report; null for the defaults.</param>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type, or a number in the options is out of range.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void SaveReport(this ModelOperationsCatalog catalog, ITransformer model, IDataView rows, string path, ModelReportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentException.ThrowIfNullOrEmpty(path);
        ModelReportOptions wanted = options ?? new ModelReportOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(wanted.Worst);
        ArgumentOutOfRangeException.ThrowIfNegative(wanted.Images);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(wanted.Activations);
        using ImageExplainer explainer = catalog.CreateImageExplainer(model);
        List<(string, IReadOnlyList<StageActivations>)> compared = [];
        List<(string, IReadOnlyDictionary<long, bool>)> hits = [];
        foreach ((string name, ITransformer other) in wanted.Compared)
        {
            using ImageExplainer others = catalog.CreateImageExplainer(other);
            hits.Add((name, ScoredRowReader.Hits(Skipping(other).Transform(rows), wanted.LabelColumnName, others.Networks[0].Settings.ScoreColumnName)));
            compared.AddRange(
                others
                    .ActivationsOfEach(other.Transform(rows), wanted.Activations)
                    .Select((stages, i) => (others.Networks.Count == 1 ? name : $"{name}, network {i + 1}", stages))
            );
        }
        AtomicFile.Write(path, stream => new ModelReport(explainer, wanted, compared, hits).Write(Skipping(model).Transform(rows), stream));

        // An unreadable image must not stop scoring: the report counts it.
        ITransformer Skipping(ITransformer scored) => catalog.WithUnreadableImages(scored, UnreadableImageBehavior.Skip);
    }
}
