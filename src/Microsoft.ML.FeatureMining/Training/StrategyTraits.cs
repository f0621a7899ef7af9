namespace Microsoft.ML.FeatureMining.Training;

/// <summary>What a strategy does to a batch or needs of it, as far as others must know.</summary>
[Flags]
public enum StrategyTraits
{
    /// <summary>Nothing that concerns others.</summary>
    None = 0,

    /// <summary>Blends images of different classes; their targets are distributions from then on.</summary>
    MixesImages = 1,

    /// <summary>Takes each image for one of a single class.</summary>
    NeedsWholeImages = 2,

    /// <summary>Decides in which order images come.</summary>
    OrdersImages = 4,

    /// <summary>Takes a target for one class, or a mixture of classes, and not for a set of them.</summary>
    NeedsOneClass = 8,

    /// <summary>Looks at training images of its own choice, beside those of the batch.</summary>
    DrawsImages = 16,
}
