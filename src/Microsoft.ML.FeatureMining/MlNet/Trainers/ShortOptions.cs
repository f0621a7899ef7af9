namespace Microsoft.ML.FeatureMining.MlNet.Trainers;

/// <summary>The options that a trainer's overload without options stands for.</summary>
internal static class ShortOptions
{
    /// <summary>The trainer's own settings but for these. A warm-up takes at most a tenth of the epochs.</summary>
    public static TOptions Of<TOptions>(
        string labelColumnName, string imageColumnName, string scoreColumnName, string predictedLabelColumnName, string backbone, int epochs, IDataView? validationSet)
        where TOptions : ImageClassificationOptions, new()
    {
        ImageClassificationOptions own = new TOptions();
        return (TOptions)(own with
        {
            LabelColumnName = labelColumnName,
            ImageColumnName = imageColumnName,
            ScoreColumnName = scoreColumnName,
            PredictedLabelColumnName = predictedLabelColumnName,
            Backbone = backbone,
            Epochs = epochs,
            WarmupEpochs = Math.Clamp(epochs / 10.0, 0, own.WarmupEpochs),
            ValidationSet = validationSet,
        });
    }
}
