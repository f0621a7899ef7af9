namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>What <see cref="MultilabelClassificationMetrics"/> are computed from. That of several sets of rows can be added.</summary>
/// <param name="Classes">The K classes in the order of the scores.</param>
/// <param name="Threshold">A row is predicted to have a class if its score is at least this.</param>
/// <param name="Scores">By class, the scores of all rows: average precision needs them sorted.</param>
/// <param name="Having">By class, the indices of the rows that have it, from 0.</param>
/// <param name="Exact">The number of rows whose predicted set of classes is right.</param>
/// <param name="Jaccard">The sum of the Jaccard indices of the rows, as <see cref="ExactSum"/>.</param>
/// <param name="Unlabeled">The number of rows without a label.</param>
/// <param name="Unreadable">The number of rows with an unreadable image.</param>
/// <param name="Unknown">The classes in the labels that the model does not know.</param>
internal sealed record MultilabelSums(
    string[] Classes,
    double Threshold,
    IReadOnlyList<float>[] Scores,
    IReadOnlyList<int>[] Having,
    int Exact,
    Int128 Jaccard,
    int Unlabeled,
    int Unreadable,
    IReadOnlyList<UnknownClass> Unknown
)
{
    /// <summary>The number of rows with a label and scores.</summary>
    public int Rows => Scores.Length == 0 ? 0 : Scores[0].Count;

    /// <summary>Whether the parts fit together, after reading them from a file.</summary>
    public bool IsConsistent =>
        Scores.Length == Classes.Length
        && Having.Length == Classes.Length
        && Array.TrueForAll(Scores, scores => scores?.Count == Rows)
        && Array.TrueForAll(Having, rows => rows is not null && rows.All(row => row >= 0 && row < Rows));

    /// <summary>The sums of these rows and those that follow.</summary>
    public MultilabelSums Plus(MultilabelSums next) =>
        this with
        {
            Scores = [.. Scores.Zip(next.Scores, (one, other) => (IReadOnlyList<float>)[.. one, .. other])],
            Having = [.. Having.Zip(next.Having, (one, other) => (IReadOnlyList<int>)[.. one, .. other.Select(row => row + Rows)])],
            Exact = Exact + next.Exact,
            Jaccard = Jaccard + next.Jaccard,
            Unlabeled = Unlabeled + next.Unlabeled,
            Unreadable = Unreadable + next.Unreadable,
            Unknown = UnknownClass.Merge(Unknown, next.Unknown),
        };

    /// <summary>The metrics of a class.</summary>
    public LabelMetrics Measure(int index)
    {
        HashSet<int> having = [.. Having[index]];
        (float Score, bool Actual)[] rows = [.. Scores[index].Select((score, row) => (score, having.Contains(row)))];
        int positives = having.Count;
        int found = rows.Count(row => row.Score >= Threshold);
        int both = rows.Count(row => row.Actual && row.Score >= Threshold);
        return new LabelMetrics(
            Classes[index],
            both,
            found - both,
            positives - both,
            rows.Length - found - positives + both,
            AveragePrecision(rows, positives)
        );
    }

    // Rows with equal scores form one threshold.
    private static double? AveragePrecision((float Score, bool Actual)[] rows, int positives)
    {
        if (positives == 0)
        {
            return null;
        }

        (double area, int seen, int hits) = (0, 0, 0);
        foreach (IGrouping<float, (float Score, bool Actual)> tie in rows.GroupBy(row => row.Score).OrderByDescending(group => group.Key))
        {
            int rise = tie.Count(row => row.Actual);
            (seen, hits) = (seen + tie.Count(), hits + rise);
            area += (double)rise / positives * hits / seen;
        }

        return area;
    }
}

/// <summary>Accumulates multi-label metrics, row by row.</summary>
internal sealed class MultilabelCounter(IReadOnlyList<string> names, double threshold)
{
    private readonly List<float>[] _scores = [.. names.Select(_ => new List<float>())];
    private readonly List<int>[] _having = [.. names.Select(_ => new List<int>())];
    private int _exact;
    private int _unlabeled;
    private int _unreadable;
    private Int128 _jaccard;

    /// <summary>Classes in the labels that the model does not know.</summary>
    public IReadOnlyList<UnknownClass> Unknown { get; set; } = [];

    /// <param name="actual">1 for each class that the row has, otherwise 0; null if the row has no label.</param>
    /// <param name="scores">The score of each class.</param>
    public void Add(IReadOnlyList<float>? actual, ReadOnlySpan<float> scores)
    {
        if (Array.Exists(scores.ToArray(), float.IsNaN))
        {
            _unreadable++;
            return;
        }

        if (actual is null)
        {
            _unlabeled++;
            return;
        }

        (int both, int either) = (0, 0);
        for (int i = 0; i < scores.Length; i++)
        {
            (bool has, bool found) = (actual[i] > 0, scores[i] >= threshold);
            if (has)
            {
                _having[i].Add(_scores[i].Count);
            }

            _scores[i].Add(scores[i]);
            both += has && found ? 1 : 0;
            either += has || found ? 1 : 0;
        }

        _exact += both == either ? 1 : 0;
        _jaccard += ExactSum.Of(either == 0 ? 1 : (double)both / either);
    }

    public MultilabelClassificationMetrics Read() =>
        new(new MultilabelSums([.. names], threshold, _scores, _having, _exact, _jaccard, _unlabeled, _unreadable, Unknown));
}
