using System.Globalization;
using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.Losses;

/// <summary>
/// The loss of RetinaNet: the focal loss of the classes of all anchors that are not ignored, plus the smooth L1 loss of the offsets of the foreground anchors.
/// Both are sums over the anchors of an image, divided by the number of its foreground anchors (at least 1), and then means over the images. torchvision uses
/// the L1 loss, which is <see cref="RetinaNetSettings.SmoothL1Beta"/> 0.
/// </summary>
internal static class RetinaNetLoss
{
    /// <summary>The sum of both losses, a scalar.</summary>
    /// <inheritdoc cref="Parts"/>
    public static Tensor Of(Tensor logits, Tensor deltas, AnchorGrid anchors, IReadOnlyList<IReadOnlyList<ObjectBox>> targets, RetinaNetSettings settings)
    {
        using DisposeScope scope = NewDisposeScope();
        (Tensor classification, Tensor boxes) = Parts(logits, deltas, anchors, targets, settings);
        return Native.TensorMath.Add(classification, boxes).MoveToOuterDisposeScope();
    }

    /// <summary>Both losses, scalars. Nothing waits for the device.</summary>
    /// <param name="logits">[N,A,K].</param>
    /// <param name="deltas">Offsets from the anchors, [N,A,4].</param>
    /// <param name="anchors">The A anchors.</param>
    /// <param name="targets">The objects of each of the N images; an image may have none.</param>
    /// <param name="settings">The thresholds and the parameters of both losses.</param>
    /// <exception cref="ArgumentException">
    /// The shapes do not match, a box has no positive width and height or is not finite, or a class is not in [0, K).
    /// </exception>
    public static (Tensor Classification, Tensor Boxes) Parts(
        Tensor logits,
        Tensor deltas,
        AnchorGrid anchors,
        IReadOnlyList<IReadOnlyList<ObjectBox>> targets,
        RetinaNetSettings settings
    )
    {
        (int images, int count) = (targets.Count, anchors.Boxes.Length);
        int classes = Check(logits, deltas, count, targets);
        float[] weights = new float[images * count]; // Of each anchor; 0 if it is ignored.
        List<Foreground> foreground = [];
        for (int n = 0; n < images; n++)
        {
            AddImage(n, anchors.Boxes, targets[n], images, settings, weights, foreground);
        }

        using DisposeScope scope = NewDisposeScope();
        Device device = logits.device;
        Tensor anchorWeights = weights.Upload(device, images, count, 1); // [N,A,1]
        Tensor positives = foreground.Select(anchor => anchor.Index * classes + anchor.Class).ToArray().Upload(device, foreground.Count);
        Tensor labels = zeros(logits.shape, logits.dtype, device);
        labels.view(-1).scatter_(0, positives, ones(foreground.Count, logits.dtype, device));
        BinaryFocalLoss focal = new() { Alpha = settings.FocalAlpha, Gamma = settings.FocalGamma };
        Tensor classification = (focal.Elements(logits, labels) * anchorWeights).sum();

        Tensor indices = foreground.Select(anchor => anchor.Index).ToArray().Upload(device, foreground.Count);
        Tensor offsets = foreground.SelectMany(anchor => anchor.Offsets).ToArray().Upload(device, foreground.Count, 4);
        Tensor boxWeights = foreground.Select(anchor => anchor.Weight).ToArray().Upload(device, foreground.Count, 1);
        Tensor predicted = deltas.reshape(-1, 4).index_select(0, indices); // [F,4]
        Tensor errors = nn.functional.smooth_l1_loss(predicted, offsets, nn.Reduction.None, settings.SmoothL1Beta); // [F,4]
        Tensor boxes = (errors * boxWeights).sum();
        return (classification.MoveToOuterDisposeScope(), boxes.MoveToOuterDisposeScope());
    }

    private static void AddImage(
        int image,
        Box[] anchors,
        IReadOnlyList<ObjectBox> objects,
        int images,
        RetinaNetSettings settings,
        float[] weights,
        List<Foreground> foreground
    )
    {
        int[] matches = AnchorMatcher.Match(anchors, objects, settings);
        float weight = 1f / (images * Math.Max(1, matches.Count(match => match >= 0)));
        for (int a = 0; a < matches.Length; a++)
        {
            int index = image * matches.Length + a;
            weights[index] = matches[a] == AnchorMatcher.Ignored ? 0 : weight;
            if (matches[a] >= 0)
            {
                ObjectBox match = objects[matches[a]];
                (float dx, float dy, float dw, float dh) = BoxCoder.Encode(match.Box, anchors[a]);
                foreground.Add(new Foreground(index, match.Class, weight, [dx, dy, dw, dh]));
            }
        }
    }

    private static int Check(Tensor logits, Tensor deltas, int anchors, IReadOnlyList<IReadOnlyList<ObjectBox>> targets)
    {
        long[] shape = logits.shape;
        (long n, long a) = (targets.Count, anchors);
        if (n == 0 || shape.Length != 3 || shape[0] != n || shape[1] != a || !deltas.shape.SequenceEqual([n, a, 4]))
        {
            throw new ArgumentException(
                $"Logits [{string.Join(',', shape)}] and offsets [{string.Join(',', deltas.shape)}] do not match {n} images with {a} anchors: "
                    + "they must be [N,A,K] and [N,A,4]."
            );
        }

        int classes = (int)shape[2];
        foreach ((int image, IReadOnlyList<ObjectBox> objects) in targets.Index())
        {
            foreach (ObjectBox target in objects)
            {
                if (!(target.Box.IsFinite && target.Box.Width > 0 && target.Box.Height > 0) || target.Class < 0 || target.Class >= classes)
                {
                    throw new ArgumentException(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"Image {image} of the batch has an invalid object: class {target.Class} of {classes}, {target.Box}. "
                        ) + "Boxes must be finite, with x1 above x0 and y1 above y0."
                    );
                }
            }
        }

        return classes;
    }

    // Index: of the anchor among those of the whole batch.
    private readonly record struct Foreground(long Index, int Class, float Weight, float[] Offsets);
}
