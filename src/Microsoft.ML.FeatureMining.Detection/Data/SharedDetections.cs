using Microsoft.ML.FeatureMining.Distributed;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.Data;

/// <summary>Gives all ranks the detections of each.</summary>
internal static class SharedDetections
{
    private const int Fields = 6;

    /// <param name="ranks">The ranks; all call this.</param>
    /// <param name="found">The detections of each image; empty for the images of other ranks, where theirs are put.</param>
    /// <param name="device">The device that the ranks exchange tensors on.</param>
    public static void Share(ICommunicator ranks, IReadOnlyList<Detection>[] found, Device device)
    {
        if (ranks.World == 1)
        {
            return;
        }

        double[] counts = Sum([.. found.Select(detections => (double)detections.Count)]);
        double[] own = new double[(int)counts.Sum() * Fields];
        int start = 0;
        for (int image = 0; image < found.Length; image++)
        {
            for (int i = 0; i < found[image].Count; i++)
            {
                Detection detection = found[image][i];
                Box box = detection.Box;
                ReadOnlySpan<double> values = [box.Left, box.Top, box.Right, box.Bottom, detection.Class, detection.Score];
                values.CopyTo(own.AsSpan(start + (i * Fields), Fields));
            }

            start += (int)counts[image] * Fields;
        }

        // A sum with zeros is exact.
        double[] all = Sum(own);
        start = 0;
        for (int image = 0; image < found.Length; image++)
        {
            Detection[] detections = new Detection[(int)counts[image]];
            for (int i = 0; i < detections.Length; i++)
            {
                ReadOnlySpan<double> of = all.AsSpan(start, Fields);
                detections[i] = new Detection(new Box((float)of[0], (float)of[1], (float)of[2], (float)of[3]), (int)of[4], (float)of[5]);
                start += Fields;
            }

            found[image] = detections;
        }

        double[] Sum(double[] values)
        {
            if (values.Length == 0)
            {
                return [];
            }

            using DisposeScope scope = NewDisposeScope();
            Tensor sums = tensor(values).to(device);
            ranks.Sum(sums);
            return sums.cpu().data<double>().ToArray();
        }
    }
}
