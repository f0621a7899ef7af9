using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Explaining;
using Microsoft.ML.FeatureMining.MlNet.Labels;
using Microsoft.ML.FeatureMining.MlNet.Scoring;

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
        return ModelParts.ClassifierOf(model).Model;
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
        ModelParts.ClassifierOf(model).Model.Artifact.SaveFolder(folder);
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
        ITransformer result = ModelParts.Replace(model, part =>
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
        ImageClassificationTransformer classifier = ModelParts.ClassifierOf(model);
        return ModelParts.Replace(model, part => ReferenceEquals(part, classifier) ? classifier.WithClassifier(number) : part);
    }
}
