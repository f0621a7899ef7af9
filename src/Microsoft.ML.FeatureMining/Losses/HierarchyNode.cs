namespace Microsoft.ML.FeatureMining.Losses;

/// <summary>One node of a hierarchy: the index of its parent, -1 for the root, and its class, -1 where it is no leaf.</summary>
internal readonly record struct HierarchyNode(int Parent, int Class);
