using System.Text.Json;
using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>The counts and sums that a <see cref="ClassificationReport"/> is computed from. Those of several sets of rows can be added.</summary>
/// <param name="Classes">The K classes in the order of the probabilities.</param>
/// <param name="Confusion">[actual][predicted], K rows of K counts.</param>
/// <param name="Ranks">By the number of classes that rank higher than the actual one, K counts of rows.</param>
/// <param name="Loss">The sum of the cross entropies, as <see cref="ExactSum"/>.</param>
/// <param name="Calibration">The bins of the reliability diagram.</param>
/// <param name="Unlabeled">The number of rows without a label.</param>
/// <param name="Unreadable">The number of rows with an unreadable image.</param>
/// <param name="Unknown">The classes of rows that the model does not know.</param>
/// <param name="Most">The maximum length of <paramref name="Worst"/>.</param>
/// <param name="Worst">The rows with the highest loss, in descending order.</param>
internal sealed record ClassificationSums(
    string[] Classes,
    int[][] Confusion,
    long[] Ranks,
    Int128 Loss,
    CalibrationSums[] Calibration,
    int Unlabeled,
    int Unreadable,
    IReadOnlyList<UnknownClass> Unknown,
    int Most,
    IReadOnlyList<ScoredImage> Worst
)
{
    /// <summary>Whether the parts fit together, after reading them from a file.</summary>
    public bool IsConsistent =>
        Confusion.Length == Classes.Length
        && Ranks.Length == Classes.Length
        && Calibration.Length == CalibrationSums.BinCount
        && Array.TrueForAll(Confusion, row => row?.Length == Classes.Length && Array.TrueForAll(row, count => count >= 0))
        && Array.TrueForAll(Ranks, count => count >= 0)
        && Array.TrueForAll(Calibration, bin => bin.Count >= 0 && bin.Correct >= 0 && bin.Correct <= bin.Count)
        && Rows <= int.MaxValue
        && Ranks.Aggregate(Int128.Zero, (sum, count) => sum + count) == Rows
        && Calibration.Sum(bin => (long)bin.Count) == Rows
        && Unlabeled >= 0
        && Unreadable >= 0
        && Most >= 0
        && Worst.All(image => image.Actual >= 0 && image.Actual < Classes.Length && image.Predicted >= 0 && image.Predicted < Classes.Length);

    private Int128 Rows => Confusion.Aggregate(Int128.Zero, (sum, row) => row.Aggregate(sum, (part, count) => part + count));

    /// <summary>The sums of these rows and those that follow.</summary>
    public ClassificationSums Plus(ClassificationSums next)
    {
        long before = Confusion.Sum(row => (long)row.Sum()) + Unlabeled + Unreadable + Unknown.Sum(entry => entry.Rows);
        WorstRows<ScoredImage> worst = new(Math.Max(Most, next.Most));
        foreach (ScoredImage image in Worst.Concat(next.Worst.Select(image => image with { Row = image.Row + before })))
        {
            worst.Add(image, image.Loss, image.Row);
        }

        return new ClassificationSums(
            Classes,
            [.. Confusion.Zip(next.Confusion, (one, other) => one.Zip(other, (a, b) => a + b).ToArray())],
            [.. Ranks.Zip(next.Ranks, (a, b) => a + b)],
            Loss + next.Loss,
            [.. Calibration.Zip(next.Calibration, (a, b) => new CalibrationSums(a.Count + b.Count, a.Confidence + b.Confidence, a.Correct + b.Correct))],
            Unlabeled + next.Unlabeled,
            Unreadable + next.Unreadable,
            UnknownClass.Merge(Unknown, next.Unknown),
            Math.Max(Most, next.Most),
            worst.Read()
        );
    }
}

/// <summary>The rows of one bin of a reliability diagram.</summary>
/// <param name="Count">Their number.</param>
/// <param name="Confidence">The sum of the probabilities of their predicted classes, as <see cref="ExactSum"/>.</param>
/// <param name="Correct">The number of those that are classified correctly.</param>
internal readonly record struct CalibrationSums(int Count, Int128 Confidence, int Correct)
{
    public const int BinCount = 15;

    /// <summary>The index of the bin of a probability.</summary>
    public static int BinOf(double probability) => Math.Clamp((int)Math.Ceiling(probability * BinCount) - 1, 0, BinCount - 1);

    public CalibrationSums Plus(double probability, bool isCorrect) => new(Count + 1, Confidence + ExactSum.Of(probability), Correct + (isCorrect ? 1 : 0));

    public CalibrationBin Read(int index, int bins) =>
        new((double)index / bins, (index + 1.0) / bins, Count, Count == 0 ? 0 : ExactSum.Value(Confidence) / Count, Count == 0 ? 0 : (double)Correct / Count);
}

/// <summary>
/// Sums of numbers in [0, 2^40) in units of 2^-64. Unlike sums in floating point, they do not depend on the order, so that parts add up to the same number as
/// the whole.
/// </summary>
internal static class ExactSum
{
    private static readonly double Unit = Math.ScaleB(1, -64);

    /// <summary>A number in these units.</summary>
    public static Int128 Of(double value) => (Int128)(value / Unit);

    /// <summary>The number that a sum stands for.</summary>
    public static double Value(Int128 sum) => (double)sum * Unit;
}

/// <summary>Reads sums from JSON.</summary>
internal static class SumsText
{
    /// <exception cref="InvalidDataException">The text has no such sums.</exception>
    public static T Read<T>(string json, Func<T, bool> isConsistent)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Json.State) is { } sums && isConsistent(sums)
                ? sums
                : throw new InvalidDataException("The sums of an evaluation are incomplete.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"These are not the sums of an evaluation: {e.Message}", e);
        }
    }
}

/// <summary>Accumulates the sums of a report, row by row. Only the rows with the highest loss are stored.</summary>
/// <param name="classNames">The classes in the order of the probabilities.</param>
/// <param name="worst">The number of rows with the highest loss to store.</param>
internal sealed class ReportBuilder(IReadOnlyList<string> classNames, int worst)
{
    private readonly int[][] _confusion = [.. classNames.Select(_ => new int[classNames.Count])];
    private readonly long[] _ranks = new long[classNames.Count];
    private readonly CalibrationSums[] _calibration = new CalibrationSums[CalibrationSums.BinCount];
    private readonly WorstRows<ScoredImage> _worst = new(worst);
    private Int128 _loss;
    private int _unlabeled;
    private int _unreadable;

    /// <summary>Rows whose class the model does not know.</summary>
    public IReadOnlyList<UnknownClass> Unknown { get; set; } = [];

    /// <param name="row">From 0.</param>
    /// <param name="file">The path of the image file; null if unknown.</param>
    /// <param name="actual">The class, from 0; null if the row has no label.</param>
    /// <param name="probabilities">The probabilities of all classes; NaN if the image could not be read.</param>
    public void Add(long row, string? file, int? actual, ReadOnlySpan<float> probabilities)
    {
        if (float.IsNaN(probabilities[0]))
        {
            _unreadable++;
            return;
        }

        if (actual is not { } label)
        {
            _unlabeled++;
            return;
        }

        int predicted = ArgMax(probabilities);
        ScoredImage image = new(row, file, label, predicted, probabilities[predicted], probabilities[label]);
        _loss += ExactSum.Of(image.Loss);
        _confusion[label][predicted]++;
        _ranks[Rank(probabilities, label)]++;
        ref CalibrationSums bin = ref _calibration[CalibrationSums.BinOf(image.Probability)];
        bin = bin.Plus(image.Probability, label == predicted);
        _worst.Add(image, image.Loss, row);
    }

    public ClassificationReport Build() =>
        new(
            new ClassificationSums(
                [.. classNames],
                _confusion,
                _ranks,
                _loss,
                _calibration,
                _unlabeled - Unknown.Sum(entry => entry.Rows),
                _unreadable,
                Unknown,
                worst,
                _worst.Read()
            )
        );

    private static int ArgMax(ReadOnlySpan<float> values)
    {
        int largest = 0;
        for (int i = 1; i < values.Length; i++)
        {
            largest = values[i] > values[largest] ? i : largest;
        }

        return largest;
    }

    // The number of classes that rank higher.
    private static int Rank(ReadOnlySpan<float> values, int index)
    {
        int before = 0;
        for (int i = 0; i < values.Length; i++)
        {
            before += values[i] > values[index] || (values[i] == values[index] && i < index) ? 1 : 0;
        }

        return before;
    }
}
