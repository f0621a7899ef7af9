using Microsoft.ML.FeatureMining.Parts;

namespace Microsoft.ML.FeatureMining.Detection.Networks;

/// <summary>
/// Settings of a RetinaNet (Lin et al. 2017, "Focal Loss for Dense Object Detection"): the network, its anchors, its loss, and the selection of detections.
/// The defaults are those of torchvision's <c>retinanet_resnet50_fpn</c>, except <see cref="SmoothL1Beta"/>.
/// </summary>
public sealed record RetinaNetSettings
{
    private const int MaxRatios = 16;

    /// <summary>The number of channels of the feature pyramid and of the heads.</summary>
    /// <value>256.</value>
    [Range(1, 4096)]
    public int Channels { get; init; } = 256;

    /// <summary>The number of 3x3 convolutions in each head before the convolution that predicts.</summary>
    /// <value>4.</value>
    [Range(0, 16)]
    public int HeadLayers { get; init; } = 4;

    /// <summary>
    /// The side of the smallest square anchor of each pyramid level, as a multiple of the nominal stride of the level (8, 16, 32, 64 and 128 pixels). With 4,
    /// the smallest anchor of the finest level is 32x32 pixels. Use a smaller value for smaller objects.
    /// </summary>
    /// <value>4.</value>
    [Range(1.0, 64.0)]
    public double AnchorSize { get; init; } = 4;

    /// <summary>The number of anchor scales per octave n: the sides are those of <see cref="AnchorSize"/> times 2^(i / n), with i from 0 to n - 1.</summary>
    /// <value>3.</value>
    [Range(1, 16)]
    public int AnchorScales { get; init; } = 3;

    /// <summary>The ratios of height to width of the anchors, at most 16, each in [1/32, 32].</summary>
    /// <value>0.5, 1 and 2.</value>
    public IReadOnlyList<double> AnchorRatios { get; init; } = [0.5, 1, 2];

    /// <summary>
    /// The probability of each class that the network predicts before training, which sets the bias of the classification head. A small value keeps the many
    /// background anchors from dominating the first steps.
    /// </summary>
    /// <value>0.01.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double PriorProbability { get; init; } = 0.01;

    /// <summary>During training, an anchor whose IoU with an object is at least this value is assigned to the object.</summary>
    /// <value>0.5.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double ForegroundIou { get; init; } = 0.5;

    /// <summary>
    /// During training, an anchor whose IoU with every object is below this value is background. Anchors between this value and <see cref="ForegroundIou"/> are
    /// ignored, except for the best anchors of an object, which are always assigned to an object.
    /// </summary>
    /// <value>0.4.</value>
    [Range(0.0, 1.0)]
    public double BackgroundIou { get; init; } = 0.4;

    /// <summary>Alpha of the focal loss: the weight of positives, in [0, 1]. Negatives have the weight 1 - alpha.</summary>
    /// <value>0.25.</value>
    [Range(0.0, 1.0)]
    public double FocalAlpha { get; init; } = 0.25;

    /// <summary>Gamma of the focal loss, at least 0; 0 is weighted cross entropy.</summary>
    /// <value>2.</value>
    [Range(0.0, 16.0)]
    public double FocalGamma { get; init; } = 2;

    /// <summary>
    /// Beta of the smooth L1 loss of the boxes: the loss is quadratic for errors below beta and linear above. With 0, it is the L1 loss that torchvision's
    /// RetinaNet uses.
    /// </summary>
    /// <value>1/9, as in the implementation of the paper's authors (Detectron).</value>
    [Range(0.0, 16.0)]
    public double SmoothL1Beta { get; init; } = 1.0 / 9;

    /// <summary>Only predictions with a score above this value become detections. Average precision needs a low value.</summary>
    /// <value>0.05.</value>
    [Range(0.0, 1.0)]
    public double ScoreThreshold { get; init; } = 0.05;

    /// <summary>The maximum number of predictions per pyramid level that reach non-maximum suppression, the best first.</summary>
    /// <value>1,000.</value>
    [Range(1, 100_000)]
    public int CandidatesPerLevel { get; init; } = 1000;

    /// <summary>Non-maximum suppression removes a detection whose IoU with a better one of the same class is above this value.</summary>
    /// <value>0.5.</value>
    [Range(0.0, 1.0)]
    public double NmsThreshold { get; init; } = 0.5;

    /// <summary>The maximum number of detections per image, the best first.</summary>
    /// <value>300.</value>
    [Range(1, 100_000)]
    public int MaxDetections { get; init; } = 300;

    /// <summary>The number of anchors at each position of a feature map.</summary>
    internal int AnchorsPerPosition => AnchorScales * AnchorRatios.Count;

    /// <summary>All errors in these settings, one sentence each; empty if they are valid.</summary>
    internal IEnumerable<string> Problems()
    {
        foreach (string problem in SettingsValidator.Problems(this))
        {
            yield return problem;
        }

        if (AnchorRatios is not { Count: > 0 and <= MaxRatios } || AnchorRatios.Any(ratio => !(ratio is >= 1.0 / 32 and <= 32)))
        {
            yield return FormattableString.Invariant($"{nameof(AnchorRatios)} must be 1 to {MaxRatios} numbers, each from 1/32 to 32.");
        }

        if (BackgroundIou > ForegroundIou)
        {
            yield return FormattableString.Invariant(
                $"{nameof(BackgroundIou)} must be at most {nameof(ForegroundIou)}; they are {BackgroundIou} and {ForegroundIou}."
            );
        }
    }
}
