namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>Where class-wise self-distillation has the second image of a pair from.</summary>
public enum PartnerSource
{
    /// <summary>From the batch: each epoch pairs every image with one other of its class, and both are trained on. A step costs what a plain one does.</summary>
    Batch,

    /// <summary>
    /// From the whole class, for each image of the batch one, itself included, as in the authors' code: the second images go through the network by themselves, without gradient. A
    /// step costs a forward pass more and has twice as many pairs.
    /// </summary>
    Class,
}
