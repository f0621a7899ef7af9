using Microsoft.ML.FeatureMining.Artifacts;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>A network and its share of the score.</summary>
/// <param name="Scorer">The network.</param>
/// <param name="Share">Above 0; the shares of all sum to 1.</param>
internal sealed record WeightedScorer(ImageScorer Scorer, float Share);
