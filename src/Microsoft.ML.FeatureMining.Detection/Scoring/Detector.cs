using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Detection.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.Scoring;

/// <summary>
/// Turns the predictions for one image into detections, as torchvision's RetinaNet does: of each pyramid level the best predictions above the score threshold,
/// clipped to the image, then non-maximum suppression per class. Equal scores keep the order of the anchors, so that the result is deterministic.
/// </summary>
internal static class Detector
{
    /// <summary>The detections in an image, the best first.</summary>
    /// <param name="logits">[A,K]. NaN is never detected.</param>
    /// <param name="deltas">Offsets from the anchors, [A,4]. A box that is NaN or infinite is dropped.</param>
    /// <param name="anchors">The A anchors.</param>
    /// <param name="height">The height in pixels of the part of the input that is the image, at most that of the anchors; boxes are clipped to it.</param>
    /// <param name="width">Its width.</param>
    /// <param name="settings">The thresholds and maximum counts.</param>
    /// <exception cref="ArgumentException">The shapes do not match.</exception>
    public static IReadOnlyList<Detection> Detect(Tensor logits, Tensor deltas, AnchorGrid anchors, int height, int width, RetinaNetSettings settings)
    {
        long[] shape = logits.shape;
        if (shape.Length != 2 || shape[0] != anchors.Boxes.Length || !deltas.shape.SequenceEqual([shape[0], 4]))
        {
            throw new ArgumentException(
                $"Logits [{string.Join(',', shape)}] and offsets [{string.Join(',', deltas.shape)}] do not match {anchors.Boxes.Length} anchors: "
                    + "they must be [A,K] and [A,4]."
            );
        }

        using DisposeScope scope = NewDisposeScope();
        ReadOnlySpan<float> scores = Values(logits.detach().sigmoid());
        ReadOnlySpan<float> offsets = Values(deltas);
        int classes = (int)shape[1];
        List<Detection> candidates = [];
        int first = 0;
        foreach (int count in anchors.LevelCounts)
        {
            foreach (int index in Best(scores.Slice(first * classes, count * classes), settings))
            {
                int anchor = first + index / classes;
                ReadOnlySpan<float> d = offsets.Slice(anchor * 4, 4);
                Box box = BoxCoder.Decode(d[0], d[1], d[2], d[3], anchors.Boxes[anchor]).Clip(height, width);
                if (box.IsFinite)
                {
                    candidates.Add(new Detection(box, index % classes, scores[anchor * classes + index % classes]));
                }
            }

            first += count;
        }

        return NonMaximumSuppression.Keep(candidates, settings.NmsThreshold, settings.MaxDetections);
    }

    // The indices of the best scores above the threshold, the best first; of equal scores, the first.
    private static IEnumerable<int> Best(ReadOnlySpan<float> scores, RetinaNetSettings settings)
    {
        float threshold = (float)settings.ScoreThreshold;
        List<(float Score, int Index)> above = [];
        for (int i = 0; i < scores.Length; i++)
        {
            if (scores[i] > threshold)
            {
                above.Add((scores[i], i));
            }
        }

        above.Sort(static (x, y) => x.Score != y.Score ? y.Score.CompareTo(x.Score) : x.Index.CompareTo(y.Index));
        return above.Take(settings.CandidatesPerLevel).Select(candidate => candidate.Index);
    }

    private static ReadOnlySpan<float> Values(Tensor values) =>
        MemoryMarshal.Cast<byte, float>(values.detach().to(ScalarType.Float32).cpu().contiguous().bytes);
}
