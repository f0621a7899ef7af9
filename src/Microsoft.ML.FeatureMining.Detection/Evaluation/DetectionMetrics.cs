namespace Microsoft.ML.FeatureMining.Detection.Evaluation;

/// <summary>How well objects were found: average precision as in Pascal VOC.</summary>
public sealed class DetectionMetrics
{
    private readonly VocAveragePrecision _precision;

    internal DetectionMetrics(VocAveragePrecision precision, IReadOnlyList<string> classes, int images, int detections)
    {
        (_precision, Images, Detections) = (precision, images, detections);
        (IReadOnlyList<double> area, IReadOnlyList<double> points) = (precision.PerClass(VocMetric.Area), precision.PerClass(VocMetric.ElevenPoint));
        PerClass = [.. classes.Select((name, index) => new ClassAveragePrecision(name, precision.ObjectCounts[index], area[index], points[index]))];
    }

    /// <summary>The classes: those of the model in the order of its keys, then classes that only labeled objects have.</summary>
    public IReadOnlyList<ClassAveragePrecision> PerClass { get; }

    /// <summary>The mean of the average precision (<see cref="VocMetric.Area"/>) over the classes with objects, in [0, 1].</summary>
    public double MeanAveragePrecision => _precision.Mean(VocMetric.Area);

    /// <summary>The same with VOC 2007's eleven points (<see cref="VocMetric.ElevenPoint"/>).</summary>
    public double MeanAveragePrecision2007 => _precision.Mean(VocMetric.ElevenPoint);

    /// <summary>The number of rows.</summary>
    public int Images { get; }

    /// <summary>The number of labeled objects that are not difficult.</summary>
    public int Objects => _precision.ObjectCounts.Sum();

    /// <summary>The number of objects found, right or wrong.</summary>
    public int Detections { get; }

    /// <summary>One line with the main numbers.</summary>
    public override string ToString() =>
        FormattableString.Invariant(
            $"mean average precision {100 * MeanAveragePrecision:F2} % (VOC 2007: {100 * MeanAveragePrecision2007:F2} %) on {Images} images with {Objects} objects"
        );
}

/// <summary>The average precision of a class.</summary>
/// <param name="Class">The name of the class.</param>
/// <param name="Objects">The number of labeled objects that are not difficult.</param>
/// <param name="AveragePrecision">The area under the curve of precision and recall (<see cref="VocMetric.Area"/>), in [0, 1]; NaN without objects.</param>
/// <param name="AveragePrecision2007">VOC 2007's eleven points (<see cref="VocMetric.ElevenPoint"/>), in [0, 1]; NaN without objects.</param>
public sealed record ClassAveragePrecision(string Class, int Objects, double AveragePrecision, double AveragePrecision2007);
