namespace MlNet.Behaviour.Tests;

public sealed class Prediction
{
    public string PredictedLabel { get; set; }

    public float[] Score { get; set; }
}
