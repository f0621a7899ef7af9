namespace Microsoft.ML.FeatureMining;

/// <summary>Where decoded images are kept while a network is trained on them. It decides nothing but memory and speed: the model comes out the same, with one
/// exception (<see cref="Stream"/>).</summary>
public enum ImageStorage
{
    /// <summary>In memory where they fit into the budget; else in a file where the disk has room for them; else they are streamed.</summary>
    Adaptive,

    /// <summary>In memory, whatever they take.</summary>
    Memory,

    /// <summary>In a file. Where it cannot be written they are streamed, with a warning.</summary>
    Disk,

    /// <summary>
    /// Nowhere: each epoch decodes the pictures anew, ahead of the training step. Where the image column is text, paths of files, images are shuffled as ever; other rows can only
    /// be read one after the other, and are shuffled within a buffer: in another order, where there are more of them than it holds.
    /// </summary>
    Stream,
}
