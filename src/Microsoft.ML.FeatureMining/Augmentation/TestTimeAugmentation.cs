namespace Microsoft.ML.FeatureMining.Augmentation;

/// <summary>Which views of a picture a model scores; the probabilities of all views are averaged.</summary>
public enum TestTimeAugmentation
{
    /// <summary>The picture itself.</summary>
    None,

    /// <summary>The picture and its mirror image; not for digits, text or anything with a handedness.</summary>
    Flip,

    /// <summary>
    /// The four corners and the centre, and the same of the mirror image (<see cref="Augmentation.TenCrop"/>), cut out of the whole picture where the model sees the middle of it (<see cref="ImageClassificationOptions.CropShare"/>), or else out of one whose sides are 8/7 of the network's, as 256 is of 224.
    /// </summary>
    TenCrop,
}
