using System.Globalization;

namespace Microsoft.ML.FeatureMining.Detection.Evaluation;

/// <summary>How average precision is computed from precision and recall.</summary>
public enum VocMetric
{
    /// <summary>The mean of the largest precision at a recall of at least 0, 0.1, ... 1: Pascal VOC 2007.</summary>
    ElevenPoint,

    /// <summary>The area under the curve of the largest precision at each recall: Pascal VOC since 2010.</summary>
    Area,
}

/// <summary>
/// Average precision as in Pascal VOC (Everingham et al. 2010, "The Pascal Visual Object Classes (VOC) Challenge"). A detection is correct if its IoU with the
/// object of its class that it overlaps most is above 0.5 and no better detection has found this object. Detections of difficult objects count neither as
/// correct nor as wrong, and difficult objects are not expected to be found.
/// </summary>
/// <remarks>
/// VOC's boxes include their last pixel, so its development kit adds 1 to widths and heights. Boxes of this library end at an exclusive edge and have the same
/// area without it. The MATLAB code of the kit also accepts an IoU of exactly 0.5; the paper says "must exceed".
/// </remarks>
internal sealed class VocAveragePrecision
{
    private const float MinOverlap = 0.5f;
    private const int RecallLevels = 10;

    private readonly List<(float Score, bool IsCorrect)>[] _detections;
    private readonly int[] _objects;
    private int _images;

    /// <param name="classes">The number of classes, at least 1.</param>
    public VocAveragePrecision(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        _detections = [.. Enumerable.Range(0, classes).Select(_ => new List<(float Score, bool IsCorrect)>())];
        _objects = new int[classes];
    }

    /// <summary>The number of objects of each class that are not difficult.</summary>
    public IReadOnlyList<int> ObjectCounts => _objects;

    /// <summary>Adds an image. For detections with equal scores, the order of images and of detections in an image decides.</summary>
    /// <param name="detections">The detections, in any order.</param>
    /// <param name="objects">All objects in the image, difficult ones too.</param>
    /// <exception cref="ArgumentException">A score or box is NaN or infinite, or a class is not among the classes.</exception>
    public void Add(IReadOnlyList<Detection> detections, IReadOnlyList<ObjectBox> objects)
    {
        foreach (Detection detection in detections)
        {
            Check("detection", detection.Class, detection.Box, detection.Score);
        }

        foreach (ObjectBox thing in objects)
        {
            Check("object", thing.Class, thing.Box, 0);
            _objects[thing.Class] += thing.IsDifficult ? 0 : 1;
        }

        bool[] isFound = new bool[objects.Count];
        foreach (Detection detection in detections.OrderByDescending(detection => detection.Score)) // Stable.
        {
            int nearest = Nearest(detection, objects);
            if (nearest < 0)
            {
                _detections[detection.Class].Add((detection.Score, false));
            }
            else if (!objects[nearest].IsDifficult)
            {
                _detections[detection.Class].Add((detection.Score, !isFound[nearest]));
                isFound[nearest] = true;
            }
        }

        _images++;
    }

    /// <summary>The average precision of each class, in [0, 1]; NaN for a class without objects that are not difficult.</summary>
    public IReadOnlyList<double> PerClass(VocMetric metric) => [.. Enumerable.Range(0, _objects.Length).Select(index => OfClass(index, metric))];

    /// <summary>The mean over the classes that have objects; NaN if none has.</summary>
    public double Mean(VocMetric metric) => PerClass(metric).Where(precision => !double.IsNaN(precision)).DefaultIfEmpty(double.NaN).Average();

    /// <summary>Precision and recall of a class after each detection, the best first.</summary>
    public IReadOnlyList<(double Precision, double Recall)> Curve(int index)
    {
        int correct = 0;
        return [.. Sorted(index).Select((isCorrect, i) => ((double)(correct += isCorrect ? 1 : 0) / (i + 1), (double)correct / _objects[index]))];
    }

    private double OfClass(int index, VocMetric metric)
    {
        if (_objects[index] == 0)
        {
            return double.NaN;
        }

        bool[] isCorrect = [.. Sorted(index)];
        // The largest precision at a recall of at least found / objects, for each found from 1.
        double[] precision = new double[isCorrect.Count(correct => correct)];
        int found = precision.Length;
        double largest = 0;
        for (int i = isCorrect.Length - 1; i >= 0; i--)
        {
            if (isCorrect[i])
            {
                largest = Math.Max(largest, (double)found / (i + 1));
                precision[--found] = largest;
            }
        }

        return metric == VocMetric.Area
            ? precision.Sum() / _objects[index]
            : Enumerable.Range(0, RecallLevels + 1).Sum(level => At(precision, level, _objects[index])) / (RecallLevels + 1);
    }

    // The largest precision at a recall of at least level / 10. Integers, because 0.1 * 3 is above 3 / 10 in floating point.
    private static double At(double[] precision, int level, int objects)
    {
        int needed = Math.Max(1, (int)(((long)level * objects + RecallLevels - 1) / RecallLevels));
        return needed <= precision.Length ? precision[needed - 1] : 0;
    }

    private IEnumerable<bool> Sorted(int index) => _detections[index].OrderByDescending(detection => detection.Score).Select(detection => detection.IsCorrect);

    // The object of the same class with the largest IoU above 0.5, the first of equal ones; -1 if there is none.
    private static int Nearest(in Detection detection, IReadOnlyList<ObjectBox> objects)
    {
        (int nearest, float largest) = (-1, MinOverlap);
        for (int i = 0; i < objects.Count; i++)
        {
            if (objects[i].Class == detection.Class && objects[i].Box.IntersectionOverUnion(detection.Box) is float overlap && overlap > largest)
            {
                (nearest, largest) = (i, overlap);
            }
        }

        return nearest;
    }

    private void Check(string what, int index, in Box box, float score)
    {
        if (index < 0 || index >= _objects.Length || !box.IsFinite || !float.IsFinite(score))
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Image {_images} has an invalid {what}: class {index} of {_objects.Length}, {box}, score {score}. Box and score must be finite."
                )
            );
        }
    }
}
