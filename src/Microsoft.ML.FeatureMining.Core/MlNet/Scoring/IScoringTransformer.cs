namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>A transformer that scores images.</summary>
internal interface IScoringTransformer : ITransformer
{
    /// <summary>Returns a transformer with the same network (not a copy) and other settings.</summary>
    IScoringTransformer With(Func<ScoringSettings, ScoringSettings> change);
}
