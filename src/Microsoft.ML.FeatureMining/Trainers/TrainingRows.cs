using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>The images of one Fit.</summary>
/// <param name="Keys">The classes.</param>
/// <param name="Train">The images to train on.</param>
/// <param name="Validation">The images to validate on; null for none.</param>
/// <param name="Skipped">The number of training rows whose image cannot be read.</param>
internal sealed record TrainingRows(ClassKeys Keys, ImageSet Train, ImageSet? Validation, int Skipped) : IDisposable
{
    public void Dispose()
    {
        Train.Dispose();
        Validation?.Dispose();
    }
}
