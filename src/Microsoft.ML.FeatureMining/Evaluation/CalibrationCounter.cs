namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Gathers a reliability diagram, row by row.</summary>
internal sealed class CalibrationCounter
{
    private const int BinCount = 15;

    private readonly (int Count, double Confidence, int Correct)[] _bins = new (int, double, int)[BinCount];

    public void Add(double probability, bool isCorrect)
    {
        ref (int Count, double Confidence, int Correct) bin = ref _bins[Math.Clamp((int)Math.Ceiling(probability * BinCount) - 1, 0, BinCount - 1)];
        bin = (bin.Count + 1, bin.Confidence + probability, bin.Correct + (isCorrect ? 1 : 0));
    }

    public Calibration Read() => new([.. _bins.Select((bin, i) => new CalibrationBin(
        (double)i / BinCount, (i + 1.0) / BinCount, bin.Count, bin.Count == 0 ? 0 : bin.Confidence / bin.Count, bin.Count == 0 ? 0 : (double)bin.Correct / bin.Count))]);
}
