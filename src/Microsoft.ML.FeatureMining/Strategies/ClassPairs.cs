namespace Microsoft.ML.FeatureMining.Strategies;

/// <summary>Puts images of one class side by side, two by two.</summary>
internal static class ClassPairs
{
    /// <summary>
    /// From a shuffled order to one in which rows 0 and 1, 2 and 3 and so on of each batch are of one class, as far as there are pairs; each image comes once, as before.
    /// Following images of a class are paired, so that a uniform order makes uniform pairs and no further draw is needed.
    /// </summary>
    public static int[] Order(int[] order, IReadOnlyList<int> labels, int batchSize)
    {
        (Queue<(int First, int Second)> pairs, Queue<int> singles) = Pair(order, labels);
        List<int> arranged = new(order.Length);
        while (arranged.Count < order.Length)
        {
            int row = arranged.Count % batchSize;
            if (pairs.Count > 0 && row % 2 == 0 && row + 1 < batchSize)
            {
                (int first, int second) = pairs.Dequeue();
                arranged.AddRange([first, second]);
                continue;
            }

            // The last row of a batch of an odd size: where there is none without a partner, a pair must part.
            if (singles.Count == 0)
            {
                (int first, int second) = pairs.Dequeue();
                singles.Enqueue(first);
                singles.Enqueue(second);
            }

            arranged.Add(singles.Dequeue());
        }

        return [.. arranged];
    }

    private static (Queue<(int First, int Second)> Pairs, Queue<int> Singles) Pair(int[] order, IReadOnlyList<int> labels)
    {
        Queue<(int First, int Second)> pairs = [];
        Dictionary<int, int> waiting = [];
        foreach (int index in order)
        {
            if (waiting.Remove(labels[index], out int first))
            {
                pairs.Enqueue((first, index));
            }
            else
            {
                waiting[labels[index]] = index;
            }
        }

        return (pairs, new Queue<int>(order.Where(index => waiting.TryGetValue(labels[index], out int single) && single == index)));
    }
}
