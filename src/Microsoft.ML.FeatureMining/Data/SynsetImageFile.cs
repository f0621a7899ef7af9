namespace Microsoft.ML.FeatureMining.Data;

/// <summary>A picture of an ImageNet class.</summary>
internal readonly record struct SynsetImageFile(string Path, Synset Class);
