namespace Microsoft.ML.FeatureMining.Hierarchies;

/// <summary>
/// Agglomerative clustering by Ward's rule: merges the two clusters A and B with the smallest increase of the sum of squares, |A| |B| / (|A| + |B|) times the
/// squared distance of their means. The nearest-neighbor chain algorithm gives the same tree as a search over all pairs, with O(n^2) distances.
/// </summary>
internal static class WardClustering
{
    /// <summary>
    /// Merges n rows in n - 1 steps. Clusters 0 to n - 1 are the rows; merge i creates cluster n + i. The smaller cluster number comes first.
    /// </summary>
    public static IReadOnlyList<(int First, int Second)> Merge(IReadOnlyList<float[]> rows)
    {
        List<double[]> means = [.. rows.Select(row => row.Select(value => (double)value).ToArray())];
        List<int> sizes = [.. Enumerable.Repeat(1, rows.Count)];
        HashSet<int> left = [.. Enumerable.Range(0, rows.Count)];
        List<(int First, int Second)> merges = [];
        List<int> chain = [];
        while (left.Count > 1)
        {
            if (chain.Count == 0)
            {
                chain.Add(left.Min());
            }

            int end = chain[^1];
            int before = chain.Count > 1 ? chain[^2] : -1;
            int nearest = Nearest(end, before, left, means, sizes);
            if (nearest != before)
            {
                chain.Add(nearest);
                continue;
            }

            // Mutual nearest neighbors.
            chain.RemoveRange(chain.Count - 2, 2);
            left.Remove(end);
            left.Remove(before);
            left.Add(means.Count);
            merges.Add((Math.Min(end, before), Math.Max(end, before)));
            means.Add([.. means[end].Zip(means[before], (a, b) => (a * sizes[end] + b * sizes[before]) / (sizes[end] + sizes[before]))]);
            sizes.Add(sizes[end] + sizes[before]);
        }

        return merges;
    }

    /// <summary>The nearest other cluster. Ties go to <paramref name="preferred"/>, so that the chain ends, then to the lowest number.</summary>
    private static int Nearest(int cluster, int preferred, HashSet<int> left, List<double[]> means, List<int> sizes)
    {
        int nearest = preferred;
        double least = preferred < 0 ? double.PositiveInfinity : Cost(preferred);
        foreach (int other in left.Where(other => other != cluster && other != preferred).Order())
        {
            double cost = Cost(other);
            if (cost < least)
            {
                (nearest, least) = (other, cost);
            }
        }

        return nearest;

        double Cost(int other)
        {
            double[] a = means[cluster];
            double[] b = means[other];
            double squares = 0;
            for (int i = 0; i < a.Length; i++)
            {
                squares += (a[i] - b[i]) * (a[i] - b[i]);
            }

            return squares * sizes[cluster] * sizes[other] / (sizes[cluster] + sizes[other]);
        }
    }
}
