using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.MlNet;

namespace Microsoft.ML;

/// <summary>Puts the trainers of this library where ML.NET's own are.</summary>
public static class FeatureMiningCatalog
{
    /// <summary>
    /// Trains an image classifier from scratch with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318). More settings: the overload that takes
    /// <see cref="FeatureMiningOptions"/>.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label, a key.</param>
    /// <param name="imageColumnName">The pictures: encoded bytes (of unknown size), planar floats (of known size) or MLImage.</param>
    /// <param name="scoreColumnName">Out: the probabilities of the classes.</param>
    /// <param name="predictedLabelColumnName">Out: the key of the most probable class.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">Passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the best epoch's weights become the model. Without them, the last epoch's do.</param>
    public static FeatureMiningImageClassificationTrainer FeatureMining(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "cifar-resnet-56",
        int epochs = 300,
        IDataView? validationSet = null) => trainers.FeatureMining(new FeatureMiningOptions
        {
            LabelColumnName = labelColumnName,
            ImageColumnName = imageColumnName,
            ScoreColumnName = scoreColumnName,
            PredictedLabelColumnName = predictedLabelColumnName,
            Backbone = backbone,
            Epochs = epochs,
            ValidationSet = validationSet,
        });

    /// <summary>Trains an image classifier from scratch with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static FeatureMiningImageClassificationTrainer FeatureMining(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers, FeatureMiningOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new FeatureMiningImageClassificationTrainer(Internals.EnvironmentOf(trainers), options);
    }
}
