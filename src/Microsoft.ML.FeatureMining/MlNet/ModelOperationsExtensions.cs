using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Explaining;

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
}
