namespace Microsoft.ML.FeatureMining.Evaluation;

/// <summary>Two models on the same rows. Only rows on which they differ tell which is better.</summary>
/// <param name="Rows">The number of rows.</param>
/// <param name="OnlyFirst">Rows that only the first model has right.</param>
/// <param name="OnlySecond">Rows that only the second model has right.</param>
internal sealed record PairedComparison(int Rows, int OnlyFirst, int OnlySecond)
{
    /// <param name="first">By row: whether the first model is right.</param>
    /// <param name="second">By row: whether the second model is right. Rows that only one of both has measured are not compared.</param>
    public static PairedComparison Of(IReadOnlyDictionary<long, bool> first, IReadOnlyDictionary<long, bool> second)
    {
        (bool First, bool Second)[] both = [.. first.Where(row => second.ContainsKey(row.Key)).Select(row => (row.Value, second[row.Key]))];
        return new PairedComparison(both.Length, both.Count(row => row.First && !row.Second), both.Count(row => !row.First && row.Second));
    }

    /// <summary>
    /// The p value of McNemar's exact test, two-sided: the probability of a split at least as uneven if each row on which the models differ were a toss of a
    /// coin.
    /// </summary>
    public double PValue
    {
        get
        {
            int differing = OnlyFirst + OnlySecond;
            int fewer = Math.Min(OnlyFirst, OnlySecond);
            // In logarithms: 2^-n is 0 from n = 1075 on.
            double logTerm = -differing * Math.Log(2);
            double tail = Math.Exp(logTerm);
            for (int i = 1; i <= fewer; i++)
            {
                logTerm += Math.Log(differing - i + 1) - Math.Log(i);
                tail += Math.Exp(logTerm);
            }

            return Math.Min(1, 2 * tail);
        }
    }
}
