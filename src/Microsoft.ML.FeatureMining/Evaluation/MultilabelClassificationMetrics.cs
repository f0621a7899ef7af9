namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>How well a model finds the classes of images that may have any number of them. A mean over the classes ("macro") takes what is not defined for 0, as scikit-learn does.</summary>
public sealed class MultilabelClassificationMetrics
{
    internal MultilabelClassificationMetrics(IReadOnlyList<LabelMetrics> classes, int rows, int exact, double jaccardSum, int unscored)
    {
        Classes = classes;
        (Rows, UnscoredRows) = (rows, unscored);
        SubsetAccuracy = rows == 0 ? 0 : (double)exact / rows;
        JaccardIndex = rows == 0 ? 0 : jaccardSum / rows;
        Micro = new LabelMetrics("all classes", classes.Sum(entry => entry.TruePositives), classes.Sum(entry => entry.FalsePositives), classes.Sum(entry => entry.FalseNegatives),
            classes.Sum(entry => entry.TrueNegatives), AveragePrecision: null);
    }

    /// <summary>Each class, in the order of the scores.</summary>
    public IReadOnlyList<LabelMetrics> Classes { get; }

    /// <summary>Rows with a label and a score.</summary>
    public int Rows { get; }

    /// <summary>Rows that were left out: they have no label, or scores that are no numbers.</summary>
    public int UnscoredRows { get; }

    /// <summary>The share of rows whose classes are all found, and no other, in [0, 1].</summary>
    public double SubsetAccuracy { get; }

    /// <summary>The mean over the rows of the classes found rightly by those that are there or found, in [0, 1]; 1 for a row without either.</summary>
    public double JaccardIndex { get; }

    /// <summary>The confusion matrices of all classes added up ("micro").</summary>
    public LabelMetrics Micro { get; }

    /// <summary>The mean precision over the classes, in [0, 1].</summary>
    public double MacroPrecision => Classes.Average(entry => entry.Precision ?? 0);

    /// <summary>The mean recall over the classes, in [0, 1].</summary>
    public double MacroRecall => Classes.Average(entry => entry.Recall ?? 0);

    /// <summary>The mean F1 over the classes, in [0, 1].</summary>
    public double MacroF1 => Classes.Average(entry => entry.F1 ?? 0);

    /// <summary>mAP: the mean of the average precisions of the classes that some image has, in [0, 1]; 0 where there is none.</summary>
    public double MeanAveragePrecision => Classes.Select(entry => entry.AveragePrecision).OfType<double>().DefaultIfEmpty().Average();
}
