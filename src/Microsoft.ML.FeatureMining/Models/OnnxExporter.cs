using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Onnx;
using Microsoft.ML.FeatureMining.Pixels;

namespace Microsoft.ML.FeatureMining.Models;

/// <summary>
/// Exports trained networks as one ONNX model that computes what <see cref="ImageScorer"/> does. Several networks are an ensemble: the score is the sum of
/// each network's probabilities, weighted by its share.
/// </summary>
/// <param name="networks">The networks, and the share of each in the score; the shares sum to 1.</param>
/// <param name="classNames">One name per class.</param>
/// <param name="options">The input and the format.</param>
internal sealed class OnnxExporter(IReadOnlyList<(SavedModel Model, double Share)> networks, IReadOnlyList<string> classNames, OnnxExportOptions options)
{
    private const string Batch = "N";

    private readonly OnnxGraphBuilder _graph = new();
    private readonly ModelManifest _first = networks[0].Model.Manifest;

    /// <summary>
    /// Builds the model and replaces the file atomically. If the weights are too large for one file, they are in a second one, which is written first. Its name
    /// has the hash of its content, so that the model that is replaced last never belongs to other weights.
    /// </summary>
    /// <exception cref="NotSupportedException">A module of a network cannot be exported; the message names it.</exception>
    /// <exception cref="ArgumentException">The models do not have the input that the options ask for.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string path)
    {
        OnnxModel model = Build();
        string? data = model.InitializerBytes <= options.MaxEmbeddedBytes ? null : OnnxDataFile.Of(path, model.DataHash());
        AtomicFile.Write(
            path,
            stream =>
            {
                if (data is null)
                {
                    model.WriteTo(stream);
                    return;
                }

                AtomicFile.Write(data, values => model.WriteTo(stream, values, Path.GetFileName(data)));
                options.OnDataWritten?.Invoke();
            }
        );
        // Those of earlier models at this path.
        foreach (string old in OnnxDataFile.Find(path).Where(file => Path.GetFileName(file) != Path.GetFileName(data)))
        {
            File.Delete(old);
        }
    }

    private OnnxModel Build()
    {
        CheckInput();
        using TorchScope scope = new(gradients: false);
        ImageShape shape = _first.ScoringPreprocessing.Shape;
        OnnxValue input = new(OnnxMetadata.Image, [-1, shape.Channels, shape.Height, shape.Width]);
        Dictionary<ImagePreprocessing, OnnxValue> pixels = [];
        OnnxValue? sum = null;
        List<OnnxValue> each = [];
        foreach ((int i, (SavedModel model, double share)) in networks.Index())
        {
            OnnxValue images = options.Input == OnnxInput.RawImages ? Normalized(model.Manifest, input, pixels) : input;
            OnnxValue probabilities = Probabilities(model, images, networks.Count == 1 ? "" : FormattableString.Invariant($"network{i + 1}."));
            each.Add(probabilities);
            OnnxValue part = networks.Count == 1 ? probabilities : _graph.Mul(probabilities, _graph.Constant((float)share));
            sum = sum is null ? part : _graph.Add(sum, part);
        }

        OnnxValue label = _first.IsMultilabel ? PredictedSet(sum!) : PredictedClass(sum!);
        OnnxGraph graph = OnnxPasses.Rename(
            OnnxPasses.FoldBatchNorm(_graph.Build()),
            [
                (sum!.Name, OnnxMetadata.Score),
                (label.Name, OnnxMetadata.PredictedLabel),
                .. HasOneSize ? [] : each.Select((value, i) => (value.Name, OnnxMetadata.ScoreOf(i))),
            ]
        );
        return new OnnxModel(
            options.Float16Weights ? OnnxPasses.StoreAsFloat16(graph) : graph,
            options.Input == OnnxInput.RawImages
                ? new OnnxValueInfo(OnnxMetadata.Image, OnnxType.UInt8, Batch, "H", "W", 3)
                : new OnnxValueInfo(OnnxMetadata.Image, OnnxType.Float, Batch, shape.Channels, shape.Height, shape.Width),
            [
                new OnnxValueInfo(OnnxMetadata.Score, OnnxType.Float, Batch, classNames.Count),
                _first.IsMultilabel
                    ? new OnnxValueInfo(OnnxMetadata.PredictedLabel, OnnxType.Float, Batch, classNames.Count)
                    : new OnnxValueInfo(OnnxMetadata.PredictedLabel, OnnxType.String, Batch),
                // For callers that resize images as training did: each size needs an input of its own.
                .. HasOneSize ? [] : each.Select((_, i) => new OnnxValueInfo(OnnxMetadata.ScoreOf(i), OnnxType.Float, Batch, classNames.Count)),
            ],
            typeof(OnnxExporter).Assembly.GetName().Version!.ToString(3),
            Metadata()
        );
    }

    private void CheckInput()
    {
        if (options.Input == OnnxInput.RawImages)
        {
            if (_first.Element == PixelType.Single)
            {
                throw new ArgumentException(
                    $"The model takes planar floats of {_first.Preprocessing.Shape}, not images, so it cannot be exported with {nameof(OnnxInput.RawImages)}. "
                        + $"Use {nameof(OnnxInput)}.{nameof(OnnxInput.NormalizedFloats)}."
                );
            }

            return;
        }

        if (networks.Any(network => !IsSameInput(network.Model.Manifest)))
        {
            throw new ArgumentException(
                $"The networks of the ensemble have different sizes, means or stds, so it cannot be exported with {nameof(OnnxInput.NormalizedFloats)}. "
                    + $"Use {nameof(OnnxInput)}.{nameof(OnnxInput.RawImages)}."
            );
        }
    }

    private bool HasOneSize => networks.All(network => network.Model.Manifest.ScoringPreprocessing == _first.ScoringPreprocessing);

    private bool IsSameInput(ModelManifest other) =>
        other.ScoringPreprocessing == _first.ScoringPreprocessing && other.Mean.SequenceEqual(_first.Mean) && other.Std.SequenceEqual(_first.Std);

    // Networks with the same preprocessing share its nodes.
    private OnnxValue Normalized(ModelManifest manifest, OnnxValue input, Dictionary<ImagePreprocessing, OnnxValue> pixels)
    {
        ImagePreprocessing preprocessing = manifest.ScoringPreprocessing;
        if (!pixels.TryGetValue(preprocessing, out OnnxValue? resized))
        {
            resized = pixels[preprocessing] = OnnxPreprocessing.Resize(_graph, input, preprocessing);
        }

        return OnnxPreprocessing.Normalize(_graph, resized, manifest);
    }

    private OnnxValue Probabilities(SavedModel model, OnnxValue images, string prefix)
    {
        ModelManifest manifest = model.Manifest;
        ImageShape shape = manifest.Preprocessing.Shape;
        using ImageNetwork network = model.LoadNetwork();
        network.eval();
        _graph.Begin(network, prefix);

        // All views are one batch.
        IReadOnlyList<OnnxValue> views = OnnxPreprocessing.Views(_graph, manifest.TestTimeAugmentation, images, shape);
        OnnxValue batch = _graph.Concat(0, views) with { Shape = [-1, shape.Channels, shape.Height, shape.Width] }; // [V*N,C,H,W]
        OnnxValue logits = network.Export(_graph, batch);
        if (manifest.Temperature != 1)
        {
            logits = _graph.Mul(logits, _graph.Constant((float)(1 / manifest.Temperature)));
        }

        OnnxValue probabilities = manifest.IsMultilabel ? _graph.Sigmoid(logits) : _graph.Node("Softmax", [logits], OnnxAttribute.Int("axis", 1));
        if (views.Count == 1)
        {
            return probabilities;
        }

        OnnxValue each = _graph.Node("Reshape", [probabilities, _graph.Integers(views.Count, -1, manifest.ClassCount)]); // [V,N,K]
        return _graph.Node("ReduceMean", [each, _graph.Integers(0)], OnnxAttribute.Int("keepdims", 0));
    }

    private OnnxValue PredictedClass(OnnxValue score)
    {
        OnnxValue names = _graph.Initializer(OnnxMetadata.ClassNames, new OnnxTensor(OnnxType.String, [classNames.Count], []) { Strings = classNames });
        OnnxValue best = _graph.Node("ArgMax", [score], OnnxAttribute.Int("axis", 1), OnnxAttribute.Int("keepdims", 0));
        return _graph.Node("Gather", [names, best]);
    }

    private OnnxValue PredictedSet(OnnxValue score) => _graph.Cast(_graph.Node("GreaterOrEqual", [score, _graph.Constant(0.5f)]), OnnxType.Float);

    private Dictionary<string, string> Metadata() =>
        new()
        {
            [OnnxMetadata.ClassNames] = JsonSerializer.Serialize(classNames, Json.Log),
            [OnnxMetadata.Task] = _first.IsMultilabel ? OnnxMetadata.Multilabel : OnnxMetadata.Multiclass,
            [OnnxMetadata.Input] = options.Input == OnnxInput.RawImages ? OnnxMetadata.RawImages : OnnxMetadata.NormalizedFloats,
            [OnnxMetadata.Preprocessing] = JsonSerializer.Serialize(networks.Select(network => Describe(network.Model.Manifest, network.Share)), Json.Log),
            [OnnxMetadata.Manifest] = new JsonArray([.. networks.Select(network => JsonNode.Parse(network.Model.Manifest.ToJson()))]).ToJsonString(Json.Log),
        };

    private static OnnxInputDescription Describe(ModelManifest manifest, double share)
    {
        ImagePreprocessing preprocessing = manifest.ScoringPreprocessing;
        (int channels, int height, int width) = preprocessing.Shape;
        return new OnnxInputDescription(
            channels,
            height,
            width,
            preprocessing.CropRatio,
            preprocessing.Resize,
            manifest.Element,
            manifest.Origin,
            manifest.Mean,
            manifest.Std,
            share,
            preprocessing.Filter
        );
    }
}
