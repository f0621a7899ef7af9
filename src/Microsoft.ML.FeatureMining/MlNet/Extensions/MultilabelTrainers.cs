using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.MlNet.Trainers;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>The trainers of <see cref="MultilabelClassificationCatalog"/>.</summary>
public sealed class MultilabelTrainers
{
    private readonly IHostEnvironment _environment;

    internal MultilabelTrainers(IHostEnvironment environment) => _environment = environment;

    /// <summary>
    /// Trains an image classifier with patch training (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks"). More settings: the overload that takes
    /// <see cref="PatchTrainingOptions"/>.
    /// </summary>
    /// <param name="labelColumnName">The set of classes: a vector of 0 and 1, a vector of names, or text of names.</param>
    /// <param name="imageColumnName">The pictures: encoded bytes (of unknown size), planar floats (of known size) or MLImage.</param>
    /// <param name="scoreColumnName">Out: each class's probability.</param>
    /// <param name="predictedLabelColumnName">Out: 1 for each class of a probability of at least one half, else 0.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">Passes over the rows, half of them over the patches where there are any.</param>
    /// <param name="patchSet">The objects of the images, cut out, each with its class in a column Label.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the best epoch's weights become the model. Without them, the last epoch's do.</param>
    public PatchTrainingTrainer PatchTraining(
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "vgg-16",
        int epochs = 10,
        IDataView? patchSet = null,
        IDataView? validationSet = null) =>
        PatchTraining(ShortOptions.Of<PatchTrainingOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet) with
        {
            SwitchEpoch = patchSet is null ? 0 : epochs / 2,
            PatchSet = patchSet,
        });

    /// <summary>Trains an image classifier with patch training (Nevgi, "Hierarchical Feature Learning in Deep Convolutional Networks").</summary>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public PatchTrainingTrainer PatchTraining(PatchTrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new PatchTrainingTrainer(_environment, options);
    }
}
