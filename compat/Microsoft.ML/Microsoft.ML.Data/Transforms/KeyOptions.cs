namespace Microsoft.ML.Transforms;

/// <summary>How keys are made of values.</summary>
internal sealed record KeyOptions(int MaximumNumberOfKeys, ValueToKeyMappingEstimator.KeyOrdinality Ordinality, bool AnnotationsAsText);
