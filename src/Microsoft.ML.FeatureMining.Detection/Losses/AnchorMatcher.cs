using Microsoft.ML.FeatureMining.Detection.Networks;

namespace Microsoft.ML.FeatureMining.Detection.Losses;

/// <summary>
/// Assigns anchors to objects by IoU, as torchvision's <c>Matcher</c> with low-quality matches: an anchor belongs to the object with the largest IoU if the IoU
/// is at least the foreground threshold, or if the anchor is the best of any object.
/// </summary>
internal static class AnchorMatcher
{
    /// <summary>The anchor is background: negative for all classes.</summary>
    public const int Background = -1;

    /// <summary>The IoU is between both thresholds; the anchor has no loss.</summary>
    public const int Ignored = -2;

    /// <summary>For each anchor the index of its object, <see cref="Background"/> or <see cref="Ignored"/>.</summary>
    /// <param name="anchors">The A anchors.</param>
    /// <param name="objects">The objects of one image; none is valid.</param>
    /// <param name="settings">The thresholds.</param>
    public static int[] Match(ReadOnlySpan<Box> anchors, IReadOnlyList<ObjectBox> objects, RetinaNetSettings settings)
    {
        int[] best = new int[anchors.Length]; // The object with the largest IoU, the first of equal ones.
        float[] overlaps = new float[anchors.Length]; // Its IoU.
        bool[] isBestOfAnObject = new bool[anchors.Length];
        float[] row = new float[anchors.Length];
        for (int i = 0; i < objects.Count; i++)
        {
            Box box = objects[i].Box;
            float highest = 0;
            for (int a = 0; a < anchors.Length; a++)
            {
                float overlap = box.IntersectionOverUnion(anchors[a]);
                row[a] = overlap;
                highest = MathF.Max(highest, overlap);
                if (overlap > overlaps[a])
                {
                    (best[a], overlaps[a]) = (i, overlap);
                }
            }

            // An object that overlaps no anchor has no best anchor. torchvision gives it all anchors that it does not overlap.
            for (int a = 0; highest > 0 && a < anchors.Length; a++)
            {
                isBestOfAnObject[a] |= row[a] == highest;
            }
        }

        (float foreground, float background) = ((float)settings.ForegroundIou, (float)settings.BackgroundIou);
        for (int a = 0; a < best.Length; a++)
        {
            if (objects.Count == 0 || (!isBestOfAnObject[a] && !(overlaps[a] >= foreground)))
            {
                best[a] = objects.Count > 0 && overlaps[a] >= background ? Ignored : Background;
            }
        }

        return best;
    }
}
