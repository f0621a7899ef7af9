using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Layers;
using Microsoft.ML.FeatureMining.Randomness;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.Networks;

/// <summary>
/// RetinaNet (Lin et al. 2017, "Focal Loss for Dense Object Detection"): a feature pyramid on the last three stages of a backbone, and two heads that predict
/// the classes and the boxes of all anchors. Tensors have the names of torchvision's <c>retinanet_resnet50_fpn</c>; below <c>backbone.body</c> those of the
/// backbone, which are torchvision's for a ResNet or ResNeXt.
/// </summary>
internal sealed class RetinaNet : nn.Module, INamedState
{
    /// <summary>The prefix of the names of the backbone's tensors.</summary>
    public const string BodyName = "backbone.body.";

    private const int StageCount = 3;

    // Grids are small beside the feature maps of one image, but images may have any number of sizes.
    private const int MaxGrids = 64;

    private readonly PyramidBackbone backbone;
    private readonly RetinaNetHead head;
    private readonly Dictionary<(int Height, int Width), AnchorGrid> _grids = [];

    /// <summary>Creates a network and takes ownership of the backbone.</summary>
    /// <param name="backbone">A backbone with the strides 8, 16 and 32 at its last three stages, as the ResNets have them.</param>
    /// <param name="classes">The number of classes K, at least 1. There is no class for the background.</param>
    /// <param name="settings">Valid settings.</param>
    /// <exception cref="ArgumentException">The backbone has fewer than three stages.</exception>
    public RetinaNet(Backbone backbone, int classes, RetinaNetSettings settings)
        : base(nameof(RetinaNet))
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        if (backbone.StageChannels.Count < StageCount)
        {
            throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{backbone.GetType()} has {backbone.StageChannels.Count} stages. RetinaNet needs {StageCount}, with strides 8, 16 and 32: use a resnet-* "
                ) + "or resnext-* backbone without -cifar-stem."
            );
        }

        (Classes, Settings) = (classes, settings);
        this.backbone = new PyramidBackbone(backbone, new FeaturePyramid([.. backbone.StageChannels.TakeLast(StageCount)], settings.Channels));
        head = new RetinaNetHead(settings, classes);
        RegisterComponents();
    }

    /// <summary>Creates a network on the CPU. Its weights are to be initialized or loaded.</summary>
    /// <param name="backbone">The key of the backbone.</param>
    /// <param name="channels">The channels of the images.</param>
    /// <param name="classes">The number of classes K.</param>
    /// <param name="settings">Valid settings.</param>
    /// <param name="layers">Creates the layers of the backbone; null for layers to train.</param>
    /// <exception cref="ArgumentException">The backbone has fewer than three stages.</exception>
    public static RetinaNet Create(string backbone, int channels, int classes, RetinaNetSettings settings, LayerFactory? layers = null) =>
        ModuleScope.Make(() => new RetinaNet(BackboneCatalog.Create(backbone, channels, layers ?? new LayerFactory()), classes, settings));

    /// <summary>The number of classes K.</summary>
    public int Classes { get; }

    public RetinaNetSettings Settings { get; }

    /// <summary>The backbone.</summary>
    public Backbone Body => backbone.Body;

    /// <summary>Predicts the classes and the boxes of all A anchors.</summary>
    /// <param name="images">Normalized images [N,C,H,W]; H and W are multiples of 32.</param>
    /// <param name="body">What computes the features, in any precision; null for <see cref="Body"/>.</param>
    /// <returns>
    /// Logits [N,A,K] of independent classes (sigmoid), and offsets [N,A,4] of the boxes from their anchors (<see cref="BoxCoder"/>).
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The size of the images is not a multiple of 32, or the last three stages of the backbone do not have the strides 8, 16 and 32.
    /// </exception>
    public (Tensor Logits, Tensor Deltas) Predict(Tensor images, Backbone? body = null)
    {
        AnchorGrid anchors = AnchorsOf(checked((int)images.shape[2]), checked((int)images.shape[3]));
        using DisposeScope scope = NewDisposeScope();
        IReadOnlyList<Tensor> levels = backbone.Pyramid.Levels(Stages(images, anchors, body ?? Body));
        return (head.Classes.Predict(levels).MoveToOuterDisposeScope(), head.Boxes.Predict(levels).MoveToOuterDisposeScope());
    }

    /// <summary>The anchors of images of one size, in the order of the predictions. Cached. Thread-safe.</summary>
    /// <exception cref="ArgumentException">Height or width is not a positive multiple of 32.</exception>
    public AnchorGrid AnchorsOf(int height, int width)
    {
        lock (_grids)
        {
            if (!_grids.TryGetValue((height, width), out AnchorGrid? grid))
            {
                if (_grids.Count == MaxGrids)
                {
                    _grids.Clear();
                }

                _grids[(height, width)] = grid = AnchorGrid.Of(height, width, Settings);
            }

            return grid;
        }
    }

    /// <summary>Initializes all weights, the backbone's too. Load the weights of a pretrained backbone after it.</summary>
    /// <param name="random">The random stream for initial weights.</param>
    public void InitializeWeights(RandomStream random)
    {
        Body.InitializeWeights(random);
        backbone.Pyramid.InitializeWeights(random);
        head.Classes.InitializeWeights(random);
        head.Boxes.InitializeWeights(random);
    }

    /// <summary>Whether a tensor belongs to the layer that predicts the classes, which has a channel for each anchor and class.</summary>
    public static bool IsClassLayer(string name) => name.StartsWith("head.classification_head.cls_logits.", StringComparison.Ordinal);

    /// <summary>All parameters and buffers.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedState() => state_dict().Select(entry => (entry.Key, entry.Value));

    /// <summary>
    /// Converts the name of a tensor in a file of torchvision's RetinaNet to this network's. torchvision's published files have the names of its older
    /// versions, without the index of the convolution in its block. Other names are returned unchanged.
    /// </summary>
    public static string MapWeightName(string name)
    {
        string mapped = Regex.Replace(name, @"^(backbone\.fpn\.(?:inner|layer)_blocks\.\d)\.(weight|bias)$", "$1.0.$2");
        return Regex.Replace(
            mapped,
            @"^(head\.(?:classification|regression)_head\.conv)\.(\d{1,2})\.(weight|bias)$",
            match =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{match.Groups[1]}.{int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture) / 2}.0.{match.Groups[3]}"
                )
        );
    }

    // The outputs of the last three stages, in the type of the images.
    private Tensor[] Stages(Tensor images, AnchorGrid anchors, Backbone body)
    {
        List<Tensor> stages = [];
        Tensor features = body.Stem(images);
        for (int stage = 0; stage < body.StageChannels.Count; stage++)
        {
            features = body.Stage(stage, features);
            stages.Add(features);
        }

        Tensor[] last = [.. stages.TakeLast(StageCount).Select(map => map.to(images.dtype))];
        foreach ((Tensor map, LevelShape level) in last.Zip(anchors.Levels))
        {
            if (map.shape[2] != level.Rows || map.shape[3] != level.Columns)
            {
                throw new ArgumentException(
                    FormattableString.Invariant(
                        $"{Body.GetType()} has a stage of {map.shape[3]}x{map.shape[2]} positions for images of {anchors.Width}x{anchors.Height} pixels; "
                    ) + "RetinaNet needs the strides 8, 16 and 32 at the last three stages. Use a resnet-* or resnext-* backbone without -cifar-stem."
                );
            }
        }

        return last;
    }

    // These two give their children torchvision's names.

    private sealed class PyramidBackbone : nn.Module
    {
        private readonly Backbone body;
        private readonly FeaturePyramid fpn;

        public PyramidBackbone(Backbone body, FeaturePyramid fpn)
            : base(nameof(PyramidBackbone))
        {
            (this.body, this.fpn) = (body, fpn);
            RegisterComponents();
        }

        public Backbone Body => body;

        public FeaturePyramid Pyramid => fpn;
    }

    private sealed class RetinaNetHead : nn.Module
    {
        private readonly PredictionHead classification_head;
        private readonly PredictionHead regression_head;

        public RetinaNetHead(RetinaNetSettings settings, int classes)
            : base(nameof(RetinaNetHead))
        {
            double prior = settings.PriorProbability;
            classification_head = new PredictionHead(settings, classes, "cls_logits", -Math.Log((1 - prior) / prior));
            regression_head = new PredictionHead(settings, 4, "bbox_reg", 0);
            RegisterComponents();
        }

        public PredictionHead Classes => classification_head;

        public PredictionHead Boxes => regression_head;
    }
}
