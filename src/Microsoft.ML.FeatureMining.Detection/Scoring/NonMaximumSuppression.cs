namespace Microsoft.ML.FeatureMining.Detection.Scoring;

/// <summary>Non-maximum suppression: removes detections that overlap a better one of the same class.</summary>
internal static class NonMaximumSuppression
{
    /// <summary>The detections that remain, the best first. Of detections with equal scores, the first of the list is the better one.</summary>
    /// <param name="detections">The detections. Their boxes and scores are finite.</param>
    /// <param name="threshold">A detection is removed if its IoU with a better one that remains is above this value.</param>
    /// <param name="max">The maximum number of detections that remain.</param>
    public static IReadOnlyList<Detection> Keep(IEnumerable<Detection> detections, double threshold, int max)
    {
        float limit = (float)threshold;
        List<Detection> kept = [];
        Dictionary<int, List<Box>> keptOfClass = [];
        foreach (Detection detection in detections.OrderByDescending(detection => detection.Score)) // Stable.
        {
            if (!keptOfClass.TryGetValue(detection.Class, out List<Box>? boxes))
            {
                keptOfClass[detection.Class] = boxes = [];
            }

            if (Overlaps(boxes, detection.Box, limit))
            {
                continue;
            }

            kept.Add(detection);
            if (kept.Count == max)
            {
                break;
            }

            boxes.Add(detection.Box);
        }

        return kept;
    }

    private static bool Overlaps(List<Box> boxes, in Box box, float limit)
    {
        foreach (Box better in boxes)
        {
            if (better.IntersectionOverUnion(box) > limit)
            {
                return true;
            }
        }

        return false;
    }
}
