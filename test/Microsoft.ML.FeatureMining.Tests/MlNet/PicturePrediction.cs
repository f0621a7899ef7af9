namespace Microsoft.ML.FeatureMining.Tests.MlNet;

internal sealed class PicturePrediction
{
    public uint PredictedLabel { get; set; }

    public float[] Score { get; set; } = [];
}
