namespace Microsoft.ML.FeatureMining.Tests.MlNet;

internal sealed class ImagePrediction
{
    public uint PredictedLabel { get; set; }

    public float[] Score { get; set; } = [];
}
