using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Trainers;

namespace Microsoft.ML;

/// <summary>Puts the trainers of this library where ML.NET's own are.</summary>
public static class ImageTrainerCatalog
{
    /// <summary>
    /// Trains an image classifier with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318). More settings: the overload that takes
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
        IDataView? validationSet = null) =>
        trainers.FeatureMining(ShortOptions.Of<FeatureMiningOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet));

    /// <summary>Trains an image classifier with Feature Mining (Xie et al., Appl. Sci. 2022, 12(7), 3318).</summary>
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

    /// <summary>
    /// Trains an image classifier with the Split-and-Share Module (Lee et al. 2021). More settings: the overload that takes
    /// <see cref="SsmOptions"/>.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label, a key.</param>
    /// <param name="imageColumnName">The pictures: encoded bytes (of unknown size), planar floats (of known size) or MLImage.</param>
    /// <param name="scoreColumnName">Out: the probabilities of the classes.</param>
    /// <param name="predictedLabelColumnName">Out: the key of the most probable class.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">Passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the best epoch's weights become the model. Without them, the last epoch's do.</param>
    public static SsmTrainer Ssm(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "resnet-50",
        int epochs = 90,
        IDataView? validationSet = null) =>
        trainers.Ssm(ShortOptions.Of<SsmOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet));

    /// <summary>Trains an image classifier with the Split-and-Share Module (Lee et al. 2021).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static SsmTrainer Ssm(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers, SsmOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new SsmTrainer(Internals.EnvironmentOf(trainers), options);
    }

    /// <summary>
    /// Trains an image classifier from few images with the Visual Inductive Priors Framework (Sun et al. 2020). More settings: the overload that takes
    /// <see cref="VisualInductivePriorsOptions"/>. The warm-up takes 5 epochs, but no more than a tenth of all.
    /// </summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="labelColumnName">The label, a key.</param>
    /// <param name="imageColumnName">The pictures: encoded bytes (of unknown size), planar floats (of known size) or MLImage.</param>
    /// <param name="scoreColumnName">Out: the probabilities of the classes.</param>
    /// <param name="predictedLabelColumnName">Out: the key of the most probable class.</param>
    /// <param name="backbone">The network, a key of <see cref="FeatureMining.Networks.BackboneCatalog"/>.</param>
    /// <param name="epochs">Passes over the training rows.</param>
    /// <param name="validationSet">Rows to validate on after each epoch; the best epoch's weights become the model. Without them, the last epoch's do.</param>
    public static VisualInductivePriorsTrainer VisualInductivePriors(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        string scoreColumnName = "Score",
        string predictedLabelColumnName = "PredictedLabel",
        string backbone = "dsk-resnext-50-32x4d",
        int epochs = 360,
        IDataView? validationSet = null) =>
        trainers.VisualInductivePriors(ShortOptions.Of<VisualInductivePriorsOptions>(labelColumnName, imageColumnName, scoreColumnName, predictedLabelColumnName, backbone, epochs, validationSet));

    /// <summary>Trains an image classifier from few images with the Visual Inductive Priors Framework (Sun et al. 2020).</summary>
    /// <param name="trainers">The catalog.</param>
    /// <param name="options">All settings.</param>
    /// <exception cref="ArgumentException">Some options cannot be used; the message lists them all.</exception>
    public static VisualInductivePriorsTrainer VisualInductivePriors(
        this MulticlassClassificationCatalog.MulticlassClassificationTrainers trainers, VisualInductivePriorsOptions options)
    {
        ArgumentNullException.ThrowIfNull(trainers);
        ArgumentNullException.ThrowIfNull(options);
        return new VisualInductivePriorsTrainer(Internals.EnvironmentOf(trainers), options);
    }
}
