namespace Microsoft.ML.FeatureMining;

/// <summary>Which mean and standard deviation normalize the network's input.</summary>
public enum InputNormalization
{
    /// <summary>
    /// Those that the initial weights were trained with, if known: for names of <see cref="Models.PretrainedWeights"/>, weights of the Hugging Face Hub and
    /// models of this library. A file of tensors with a classifier for 1000 classes counts as trained on ImageNet. Without initial weights, ImageNet's for
    /// color images (not planar floats) of <see cref="PatchTrainingTrainer"/> and of detectors. Otherwise as <see cref="FromTrainingSet"/>.
    /// </summary>
    FromWeights,

    /// <summary>Those of the training images.</summary>
    FromTrainingSet,
}
