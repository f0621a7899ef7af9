using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Reading;
using Microsoft.ML.FeatureMining.Randomness;

namespace Microsoft.ML;

/// <summary>
/// Splits, subsamples, relabels and counts rows by class. The label is a key, text or a number. Each method reads all labels once, when it is called. The data
/// view that it returns reads the rows in their order, which must not change between passes. The same seed selects the same rows on every machine.
/// </summary>
public static class LabeledDataExtensions
{
    /// <summary>
    /// Splits rows into a training and a test set with the same fraction of each class, rounded to whole rows. Both sets get at least one row of each class; a
    /// class of a single row, and rows without a label, go to the training set.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="testFraction">The fraction of each class for the test set, between 0 and 1 (both excluded).</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <param name="seed">The seed that selects the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is out of range, or the column is missing or has another type.</exception>
    public static (IDataView Train, IDataView Test) SplitByClass(
        this DataOperationsCatalog catalog,
        IDataView data,
        double testFraction = 0.1,
        string labelColumnName = "Label",
        int seed = 0
    )
    {
        if (!(testFraction is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(testFraction), testFraction, "The test fraction must be above 0 and below 1.");
        }

        RowClasses classes = Read(catalog, data, labelColumnName);
        bool[] test = StratifiedSplit.HeldOut(classes.OfRows, testFraction, new RandomStream(seed, "split-by-class"));
        return (RowByRowView.Select(data, [.. test.Select(takes => !takes)]), RowByRowView.Select(data, test));
    }

    /// <summary>
    /// Keeps only the rows of the first classes (in the order of the keys, by number, or by ordinal comparison), to make a smaller problem. If the training and
    /// the test set have the same classes, both keep the same ones. A key column keeps all its values, so call this before MapValueToKey.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="classes">The number of classes to keep, at least 1.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1, or the column is missing or has another type.</exception>
    /// <exception cref="InvalidOperationException">The data has fewer classes.</exception>
    public static IDataView TakeClasses(this DataOperationsCatalog catalog, IDataView data, int classes, string labelColumnName = "Label")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        RowClasses all = Read(catalog, data, labelColumnName);
        return all.Names.Count < classes
            ? throw new InvalidOperationException(
                FormattableString.Invariant($"The label column '{labelColumnName}' has {all.Names.Count} classes, fewer than the {classes} to take.")
            )
            : RowByRowView.Select(data, [.. all.OfRows.Select(index => index >= 0 && index < classes)]);
    }

    /// <summary>
    /// Keeps a fixed number of random rows per class, for experiments with few samples. With the same seed, a larger number keeps all rows that a smaller
    /// number keeps.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rowsPerClass">The number of rows per class, at least 1.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <param name="seed">The seed that selects the rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1, or the column is missing or has another type.</exception>
    /// <exception cref="InvalidOperationException">A class has fewer rows; the message names it.</exception>
    public static IDataView TakeRowsPerClass(
        this DataOperationsCatalog catalog,
        IDataView data,
        int rowsPerClass,
        string labelColumnName = "Label",
        int seed = 0
    )
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerClass, 1);
        RowClasses classes = Read(catalog, data, labelColumnName);
        int[] counts = classes.Counts();
        if (Array.FindIndex(counts, count => count < rowsPerClass) is >= 0 and var few)
        {
            throw new InvalidOperationException(
                FormattableString.Invariant($"Class '{classes.Names[few]}' has {counts[few]} rows, fewer than {rowsPerClass}. Take fewer rows per class.")
            );
        }

        var taken = new bool[classes.OfRows.Count];
        foreach (int[] ofClass in classes.Shuffled(new RandomStream(seed, "rows-of-each-class")))
        {
            foreach (int row in ofClass.Take(rowsPerClass))
            {
                taken[row] = true;
            }
        }

        return RowByRowView.Select(data, taken);
    }

    /// <summary>
    /// Adds label noise: changes the labels of a fraction <paramref name="rate"/> of the rows of each class, rounded to whole rows. A changed label always
    /// differs from the original. With the same seed, a higher rate keeps all changes of a lower rate. The other columns do not change. Add noise to training
    /// rows only.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rate">The fraction of wrong labels, in [0, 1].</param>
    /// <param name="noise">How wrong labels are chosen.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <param name="seed">The seed that selects the rows and their new labels.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rate or the kind of noise is invalid, or the column is missing or has another type.</exception>
    /// <exception cref="InvalidOperationException">There are fewer than two classes.</exception>
    public static IDataView AddLabelNoise(
        this DataOperationsCatalog catalog,
        IDataView data,
        double rate,
        LabelNoise noise = LabelNoise.Symmetric,
        string labelColumnName = "Label",
        int seed = 0
    )
    {
        if (!(rate is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "The rate of wrong labels must be at least 0 and at most 1.");
        }

        if (!Enum.IsDefined(noise))
        {
            throw new ArgumentOutOfRangeException(nameof(noise), noise, "Unknown kind of label noise; use Symmetric or Pair.");
        }

        RowClasses classes = Read(catalog, data, labelColumnName);
        if (classes.Names.Count < 2)
        {
            throw new InvalidOperationException($"Label noise needs at least two classes; column '{labelColumnName}' has {classes.Names.Count}.");
        }

        int[] wrong = [.. Enumerable.Repeat(-1, classes.OfRows.Count)];
        RandomStream order = new(seed, "label-noise"),
            draws = new(seed, "label-noise-classes");
        foreach ((int index, int[] ofClass) in classes.Shuffled(order).Index())
        {
            int errors = (int)Math.Round(rate * ofClass.Length);
            for (int i = 0; i < ofClass.Length; i++)
            {
                // Drawn for unchanged labels too, so that the rate does not shift later draws.
                int step = noise == LabelNoise.Pair ? 1 : 1 + draws.NextInt(classes.Names.Count - 1);
                wrong[ofClass[i]] = i < errors ? (index + step) % classes.Names.Count : -1;
            }
        }
        return RowByRowView.Relabel(data, new Relabeling(classes.Column.Index, classes.Values, wrong));
    }

    /// <summary>Counts the rows of each class, in the order of keys, numbers or names. Rows without a label are not counted.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="labelColumnName">The label column.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or has another type.</exception>
    public static IReadOnlyList<ClassCount> CountClasses(this DataOperationsCatalog catalog, IDataView data, string labelColumnName = "Label") =>
        ImageInspector.CountsOf(Read(catalog, data, labelColumnName));

    /// <summary>
    /// Decodes every image and reports the number of rows per class, the image sizes, unreadable images and duplicates. To find leakage between two sets, call
    /// <see cref="ImageSetReport.SharedWith"/> on their reports.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="labelColumnName">The label column; it may be missing.</param>
    /// <param name="imageColumnName">The column of encoded images. If it does not exist, the files in the text column ImagePath are read.</param>
    /// <param name="maxPixels">The largest image to decode, in pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column has another type, or there is no image column.</exception>
    public static ImageSetReport InspectImages(
        this DataOperationsCatalog catalog,
        IDataView data,
        string labelColumnName = "Label",
        string imageColumnName = "Image",
        long maxPixels = ImageCodec.DefaultMaxPixels
    )
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return new ImageInspector(maxPixels).Inspect(data, labelColumnName, imageColumnName);
    }

    private static RowClasses Read(DataOperationsCatalog catalog, IDataView data, string labelColumnName)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(data);
        return RowClasses.Read(data, labelColumnName);
    }
}
