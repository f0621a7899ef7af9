using System.Globalization;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>The images of one Fit.</summary>
/// <param name="Keys">The classes.</param>
/// <param name="Train">The images to train on.</param>
/// <param name="Validation">The images to validate on; null for none.</param>
/// <param name="Skipped">The number of training rows whose image cannot be read.</param>
internal sealed record TrainingRows(ClassKeys Keys, ImageSet Train, ImageSet? Validation, int Skipped) : IDisposable
{
    /// <exception cref="InvalidOperationException">There are no rows, or all rows have the same class.</exception>
    public static void CheckTrainable(ImageSet train, RowLedger ledger, LabelColumn label)
    {
        if (train.Count == 0)
        {
            throw new InvalidOperationException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"There are no rows to train on: {ledger.Unlabeled} rows have no label in column '{label.Column.Name}' "
                        + $"and {ledger.Unreadable.Count} rows have an unreadable image."
                )
            );
        }

        int[] classes = [.. train.Labels.Distinct().Take(2)];
        if (classes.Length == 1 && label.IsClass)
        {
            throw new InvalidOperationException(
                $"All rows have the same label '{label.Describe(classes[0])}' in column '{label.Column.Name}'; at least two classes are required."
            );
        }
    }

    public void Dispose()
    {
        Train.Dispose();
        Validation?.Dispose();
    }
}
