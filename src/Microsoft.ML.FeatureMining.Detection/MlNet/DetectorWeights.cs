using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Detection.MlNet;

/// <summary>
/// A saved detector as the initial weights of another training: backbone, pyramid and heads. In the class layer, a class that both have keeps its weights, and
/// the other classes start anew.
/// </summary>
internal sealed class DetectorWeights
{
    private readonly string _path;
    private readonly DetectorManifest _manifest;

    private DetectorWeights(string path)
    {
        _path = path;
        _manifest = ModelZip.Open(path, SavedDetector.ManifestFile, (text, _) => DetectorManifest.FromJson(text));
    }

    /// <summary>Opens a model; null if the file is something else than a detector.</summary>
    /// <exception cref="InvalidDataException">The file is damaged, or has no weights.</exception>
    public static DetectorWeights? Find(string? path) =>
        File.Exists(path) && WeightFormats.Of(path) == WeightFormat.ModelZip && ModelZip.Has(path, SavedDetector.ManifestFile)
            ? new DetectorWeights(path)
            : null;

    /// <summary>The backbone and what it was trained with.</summary>
    public WeightSource Source =>
        new(_path, () => new MemoryWeights(Read().Within(RetinaNet.BodyName)), _path)
        {
            IsModel = true,
            Backbone = _manifest.Backbone,
            Input = new ImageShape(3, _manifest.ImageSize, _manifest.ImageSize),
            Normalization = new ChannelStatistics([.. _manifest.Mean], [.. _manifest.Std]),
            Element = PixelType.Byte,
            Reason = $"of the detector '{_path}'",
        };

    /// <summary>Why only a part of the weights fits a network; null if all of them do, except for the class layer.</summary>
    public string? Problem(string backbone, RetinaNetSettings network)
    {
        string[] differences = [.. Differences(backbone, network)];
        return differences.Length == 0
            ? null
            : $"The detector '{_path}' of InitialWeights fits only a part of the network: {string.Join("; ", differences)}. Set them as in the "
                + "detector, or set AllowPartialWeights to load what fits.";
    }

    /// <summary>Loads the weights.</summary>
    /// <param name="network">The network to change.</param>
    /// <param name="backbone">The key of its backbone.</param>
    /// <param name="classes">The names of its classes, in the order of the logits.</param>
    /// <param name="allowPartial">Whether to load what fits if other tensors than those of the class layer differ.</param>
    /// <returns>What was loaded, for the log.</returns>
    /// <exception cref="InvalidDataException">The file is damaged; or only a part fits, with <paramref name="allowPartial"/> less than half of the kernels. The
    /// network is not changed.</exception>
    public string Load(RetinaNet network, string backbone, IReadOnlyList<string> classes, bool allowPartial)
    {
        if (!allowPartial && Problem(backbone, network.Settings) is { } problem)
        {
            throw new InvalidDataException(problem);
        }

        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, NamedTensor> given = Read().Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
        ILookup<bool, (string Name, Tensor Value)> state = network.NamedState().ToLookup(entry => RetinaNet.IsClassLayer(entry.Name));
        (string Name, Tensor Value)[] fitting =
        [
            .. state[false].Where(entry => given.TryGetValue(entry.Name, out NamedTensor? tensor) && Fits(tensor, entry.Value)),
        ];
        string[] missing = [.. state[false].Select(entry => entry.Name).Except(fitting.Select(entry => entry.Name))];
        Check(network, fitting, missing, allowPartial);
        foreach ((string name, Tensor value) in fitting)
        {
            given[name].CopyTo(value);
        }

        string[] known = CopyClasses(state[true], given, classes);
        string[] fresh = [.. classes.Except(known)];
        return $"Initial weights from the detector '{_path}': {fitting.Length} tensors of backbone, pyramid and heads loaded; {missing.Length} not in the file"
            + $"{WeightReport.Some(missing)}; class layer: {known.Length} classes loaded{WeightReport.Some(known)}, "
            + $"{fresh.Length} new{WeightReport.Some(fresh)}.";
    }

    // What determines the shapes of the tensors and the meaning of the outputs.
    private IEnumerable<string> Differences(string backbone, RetinaNetSettings network)
    {
        RetinaNetSettings own = _manifest.Network;
        (string Name, object Theirs, object Ours)[] settings =
        [
            ("Backbone", BackboneCatalog.Canonical(_manifest.Backbone), backbone),
            ("Network.Channels", own.Channels, network.Channels),
            ("Network.HeadLayers", own.HeadLayers, network.HeadLayers),
            ("Network.AnchorSize", own.AnchorSize, network.AnchorSize),
            ("Network.AnchorScales", own.AnchorScales, network.AnchorScales),
            ("Network.AnchorRatios", Text(own.AnchorRatios), Text(network.AnchorRatios)),
        ];
        return settings
            .Where(setting => !setting.Theirs.Equals(setting.Ours))
            .Select(setting => FormattableString.Invariant($"its {setting.Name} is {setting.Theirs}, not {setting.Ours}"));

        static string Text(IReadOnlyList<double> ratios) => string.Join(", ", ratios.Select(ratio => FormattableString.Invariant($"{ratio}")));
    }

    private void Check(RetinaNet network, (string Name, Tensor Value)[] fitting, string[] missing, bool allowPartial)
    {
        if (!allowPartial && missing.Length > 0)
        {
            throw new InvalidDataException($"The detector '{_path}' is damaged: weights are missing or have another shape{WeightReport.Some(missing)}.");
        }

        int kernels = network.parameters().Count(parameter => parameter.ndim > 1);
        int found = fitting.Count(entry => entry.Value.ndim > 1);
        if (2 * found < kernels)
        {
            throw new InvalidDataException(
                $"The weights of the detector '{_path}' belong to another network: only {found} of {kernels} kernels match by name and shape. "
                    + "Check Backbone, Network and InitialWeights."
            );
        }
    }

    // A class has one output per anchor of a position: the channels are [anchors * classes].
    private string[] CopyClasses(IEnumerable<(string Name, Tensor Value)> layer, Dictionary<string, NamedTensor> given, IReadOnlyList<string> classes)
    {
        string[] theirs = [.. ClassKeys.OfModel(_manifest.ClassNames, _manifest.ClassCount, itemName: "").Names];
        string[] ours = [.. classes];
        string[] known = [.. ours.Intersect(theirs)];
        foreach ((string name, Tensor value) in layer)
        {
            long[] shape = [value.shape[0] / classes.Count, theirs.Length, .. value.shape[1..]];
            if (
                !given.TryGetValue(name, out NamedTensor? tensor)
                || tensor.Type != value.dtype
                || !tensor.Shape.SequenceEqual([shape[0] * shape[1], .. shape[2..]])
            )
            {
                return [];
            }

            Tensor from = empty(tensor.Shape, tensor.Type, value.device);
            tensor.CopyTo(from);
            (from, Tensor to) = (from.view(shape), value.view([shape[0], classes.Count, .. shape[2..]]));
            foreach (string one in known)
            {
                to.select(1, Array.IndexOf(ours, one)).copy_(from.select(1, Array.IndexOf(theirs, one)));
            }
        }

        return known;
    }

    private static bool Fits(NamedTensor tensor, Tensor target) => tensor.Type == target.dtype && tensor.Shape.SequenceEqual(target.shape);

    private NamedTensors Read() =>
        ModelZip.Open(
            _path,
            SavedDetector.ManifestFile,
            (_, file) =>
            {
                using Stream weights = file(SavedDetector.WeightsFile).Open();
                return SavedDetector.ReadWeights(_manifest, weights);
            }
        );
}
