using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet.Inspecting;
using Microsoft.ML.FeatureMining.MlNet.Labels;

namespace Microsoft.ML;

/// <summary>
/// Splits, samples, noise and counts by class, of rows whose label is a key, text or a number. Each passes over the labels once, when it is called; what it gives passes over
/// the rows in their order, which must stay what it was. The same seed gives the same rows on every machine.
/// </summary>
public static class LabelledDataExtensions
{
    /// <summary>Splits rows so that both sides have the same share of each class, as near as whole rows allow; each class keeps a row to train on. Rows without a label are for training.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="testFraction">The share to test on, between 0 and 1.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <param name="seed">Decides which rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is none, or the column is missing or of another type.</exception>
    public static (IDataView Train, IDataView Test) SplitByClass(
        this DataOperationsCatalog catalog, IDataView data, double testFraction = 0.1, string labelColumnName = "Label", int seed = 0)
    {
        if (!(testFraction is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(testFraction), testFraction, "The share lies between 0 and 1.");
        RowClasses classes = Read(catalog, data, labelColumnName);
        StratifiedSplit split = new(classes.Counts(), testFraction, new RandomStream(seed, "split-by-class"));
        bool[] test = [.. classes.OfRows.Select(index => index >= 0 && split.TakesNext(index))];
        return (RowByRowView.Select(data, [.. test.Select(takes => !takes)]), RowByRowView.Select(data, test));
    }

    /// <summary>
    /// Takes the rows of the first classes, in the order of the keys, by number, or by ordinal comparison: a smaller problem. Two sides with rows of the same classes keep the same ones. A key
    /// keeps its values: take classes before labels become keys.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="classes">How many classes, at least 1.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1, or the column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">There are fewer classes.</exception>
    public static IDataView TakeClasses(this DataOperationsCatalog catalog, IDataView data, int classes, string labelColumnName = "Label")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        RowClasses all = Read(catalog, data, labelColumnName);
        return all.Names.Count < classes
            ? throw new InvalidOperationException(FormattableString.Invariant($"There are {all.Names.Count} classes, fewer than {classes}."))
            : RowByRowView.Select(data, [.. all.OfRows.Select(index => index >= 0 && index < classes)]);
    }

    /// <summary>Takes so many rows of each class at random: a small-sample series. With the same seed, a larger number takes the rows of a smaller one and more.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rowsPerClass">How many, at least 1.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <param name="seed">Decides which rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is less than 1, or the column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">A class has fewer rows; the message names it.</exception>
    public static IDataView TakeRowsOfEachClass(this DataOperationsCatalog catalog, IDataView data, int rowsPerClass, string labelColumnName = "Label", int seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerClass, 1);
        RowClasses classes = Read(catalog, data, labelColumnName);
        int[] counts = classes.Counts();
        if (Array.FindIndex(counts, count => count < rowsPerClass) is >= 0 and var few)
            throw new InvalidOperationException(FormattableString.Invariant($"Class '{classes.Names[few]}' has {counts[few]} rows, fewer than {rowsPerClass}."));
        var taken = new bool[classes.OfRows.Count];
        foreach (int[] ofClass in classes.Shuffled(new RandomStream(seed, "rows-of-each-class")))
            foreach (int row in ofClass.Take(rowsPerClass))
                taken[row] = true;
        return RowByRowView.Select(data, taken);
    }

    /// <summary>
    /// Makes labels wrong: in each class the share <paramref name="rate"/> of its rows, rounded to whole ones, and never into what they were. With the same seed, a higher rate
    /// errs wherever a lower one does, and alike. The rows are the same otherwise; put noise on training rows only.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="rate">The share, 0 to 1.</param>
    /// <param name="noise">What a wrong label becomes.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <param name="seed">Decides which rows, and what they become.</param>
    /// <exception cref="ArgumentOutOfRangeException">The share is none, there is no such noise, or the column is missing or of another type.</exception>
    /// <exception cref="InvalidOperationException">There are fewer than two classes.</exception>
    public static IDataView AddLabelNoise(
        this DataOperationsCatalog catalog, IDataView data, double rate, LabelNoise noise = LabelNoise.Symmetric, string labelColumnName = "Label", int seed = 0)
    {
        if (!(rate is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(rate), rate, "The share lies in [0, 1].");
        if (!Enum.IsDefined(noise))
            throw new ArgumentOutOfRangeException(nameof(noise), noise, "There is no such noise.");
        RowClasses classes = Read(catalog, data, labelColumnName);
        if (classes.Names.Count < 2)
            throw new InvalidOperationException("A wrong label takes two classes.");
        int[] wrong = [.. Enumerable.Repeat(-1, classes.OfRows.Count)];
        RandomStream order = new(seed, "label-noise"), draws = new(seed, "label-noise-classes");
        foreach ((int index, int[] ofClass) in classes.Shuffled(order).Index())
        {
            int errors = (int)Math.Round(rate * ofClass.Length);
            for (int i = 0; i < ofClass.Length; i++)
            {
                // Drawn for right labels, too, so that another rate does not shift the draws.
                int step = noise == LabelNoise.Pair ? 1 : 1 + draws.NextInt(classes.Names.Count - 1);
                wrong[ofClass[i]] = i < errors ? (index + step) % classes.Names.Count : -1;
            }
        }
        return RowByRowView.Relabel(data, new Relabelling(classes.Column.Index, classes.Values, wrong));
    }

    /// <summary>Counts the rows of each class, in the order of keys, numbers or names. Rows without a label do not count.</summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="labelColumnName">The label.</param>
    /// <exception cref="ArgumentOutOfRangeException">The column is missing or of another type.</exception>
    public static IReadOnlyList<ClassCount> CountClasses(this DataOperationsCatalog catalog, IDataView data, string labelColumnName = "Label") =>
        ImageInspector.CountsOf(Read(catalog, data, labelColumnName));

    /// <summary>
    /// Decodes every picture and reports what there is: rows of each class, sizes, pictures that cannot be read, pictures that are there twice. Leakage between two sets:
    /// <see cref="ImageSetReport.SharedWith"/> of their reports.
    /// </summary>
    /// <param name="catalog">The catalog.</param>
    /// <param name="data">The rows.</param>
    /// <param name="labelColumnName">The label; rows may be without.</param>
    /// <param name="imageColumnName">The encoded pictures; where there is no such column, the files are taken that a text column ImagePath names.</param>
    /// <param name="maxPixels">The largest picture that is decoded, in pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is of another type, or there are no pictures.</exception>
    public static ImageSetReport InspectImages(
        this DataOperationsCatalog catalog, IDataView data, string labelColumnName = "Label", string imageColumnName = "Image", long maxPixels = ImageCodec.DefaultMaxPixels)
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
