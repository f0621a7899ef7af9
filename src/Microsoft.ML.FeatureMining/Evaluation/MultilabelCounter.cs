namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Gathers multi-label metrics, row by row; keeps each row's scores, because average precision needs them in order.</summary>
internal sealed class MultilabelCounter(IReadOnlyList<string> names, double threshold)
{
    private readonly List<(float Score, bool Actual)>[] _scores = [.. names.Select(_ => new List<(float, bool)>())];
    private int _exact;
    private int _unscored;
    private double _jaccard;

    /// <param name="actual">1 for each class that the row has; null where it has no label.</param>
    /// <param name="scores">Each class's score.</param>
    public void Add(IReadOnlyList<float>? actual, ReadOnlySpan<float> scores)
    {
        if (actual is null || Array.Exists(scores.ToArray(), float.IsNaN))
        {
            _unscored++;
            return;
        }

        (int both, int either) = (0, 0);
        for (int i = 0; i < scores.Length; i++)
        {
            (bool has, bool found) = (actual[i] > 0, scores[i] >= threshold);
            _scores[i].Add((scores[i], has));
            both += has && found ? 1 : 0;
            either += has || found ? 1 : 0;
        }

        _exact += both == either ? 1 : 0;
        _jaccard += either == 0 ? 1 : (double)both / either;
    }

    public MultilabelClassificationMetrics Read() => new(
        [.. names.Zip(_scores, Measure)], _scores.Length == 0 ? 0 : _scores[0].Count, _exact, _jaccard, _unscored);

    private LabelMetrics Measure(string name, List<(float Score, bool Actual)> rows)
    {
        int positives = rows.Count(row => row.Actual);
        int found = rows.Count(row => row.Score >= threshold);
        int both = rows.Count(row => row.Actual && row.Score >= threshold);
        return new LabelMetrics(name, both, found - both, positives - both, rows.Count - found - positives + both, AveragePrecision(rows, positives));
    }

    // Rows of one score stand or fall together.
    private static double? AveragePrecision(List<(float Score, bool Actual)> rows, int positives)
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
