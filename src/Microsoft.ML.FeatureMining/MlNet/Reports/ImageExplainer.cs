using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>Shows where a trained network finds a class: class activation maps, Grad-CAM, activations. Made by <c>mlContext.Model.CreateImageExplainer</c>.</summary>
/// <remarks>Holds a network of its own, with its gradients, until it is disposed. For one thread at a time.</remarks>
public sealed class ImageExplainer : IDisposable
{
    private readonly ImageClassificationTransformer[] _networks;
    private readonly ModelExplainer _explainer;

    internal ImageExplainer(IHostEnvironment environment, IReadOnlyList<(ImageClassificationTransformer Network, double Share)> networks)
    {
        _networks = [.. networks.Select(entry => entry.Network)];
        _explainer = new ModelExplainer([.. _networks.Select(network => new NetworkExplainer(network.Model.Artifact, ComputeDevice.Of(environment)))], [.. networks.Select(entry => entry.Share)]);
        ClassNames = _networks[0].Keys.Names;
        FixedMaskMap = _networks.Length == 1 ? FeatureMining.FixedMaskMap.Of(_networks[0].Model.Artifact.Manifest) : null;
    }

    /// <summary>The classes in the order of the scores; their numbers from 0 where the label had no names.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>How many stages the network has, each with a Grad-CAM of its own; of an ensemble, those of all its networks.</summary>
    public int StageCount => _explainer.Networks.Sum(network => network.StageCount);

    /// <summary>Which part of its last features the network was trained on, 1 for that part and 0 for the rest (<see cref="Strategies.FixedMask"/>); null where it was trained on all, and for an ensemble.</summary>
    public HeatMap? FixedMaskMap { get; }

    /// <summary>Explains one picture.</summary>
    /// <param name="encoded">A picture file, as LoadRawImageBytes gives it.</param>
    /// <param name="target">The class, from 0, to look for; null for the most probable.</param>
    /// <exception cref="NotSupportedException">The network was trained on planar floats.</exception>
    /// <exception cref="ImageDecodeException">The bytes are no picture that can be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such class.</exception>
    public ImageExplanation Explain(ReadOnlySpan<byte> encoded, int? target = null)
    {
        if (_networks[0].Model.Artifact.Manifest.Element != PixelType.Byte)
            throw new NotSupportedException("The network was trained on planar floats; explain rows of them.");
        var pixels = new byte[_networks.Length][];
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = _networks[i].Model.Artifact.Manifest.Preprocessing.Apply(encoded, _networks[0].Settings.MaxPixels);
        return _explainer.Explain(pixels, target);
    }

    /// <summary>Explains rows, spread evenly over all, as they are asked for. Those whose picture cannot be read are left out.</summary>
    /// <param name="rows">With the model's image column, or with files named by a text column ImagePath.</param>
    /// <param name="images">How many rows at most; null for all.</param>
    /// <param name="target">The class, from 0, to look for; null for the most probable of each.</param>
    /// <returns>The row, from 0, its file where it names one, and its explanation.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column or class.</exception>
    public IEnumerable<(long Row, string? File, ImageExplanation Explanation)> Explain(IDataView rows, int? images = null, int? target = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return PictureRows.Spread(rows, _networks, images).Select(picture => (picture.Row, picture.File, _explainer.Explain(picture.Pixels, target)));
    }

    /// <summary>How strongly each stage responds to some rows, spread evenly over all (Xie et al. 2021, arXiv version, figure 4).</summary>
    /// <param name="rows">With the model's image column, or with files named by a text column ImagePath.</param>
    /// <param name="images">How many rows at most; the paper has 64. Those whose picture cannot be read are left out.</param>
    /// <returns>A stage after the other; of an ensemble, a network after the other.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or no image is asked for.</exception>
    public IReadOnlyList<StageActivations> Activations(IDataView rows, int images = 64)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(images);
        return [.. ActivationsOfEach(rows, images).SelectMany(stages => stages)];
    }

    /// <summary>Frees the networks' memory.</summary>
    public void Dispose() => _explainer.Dispose();

    internal IReadOnlyList<ImageClassificationTransformer> Networks => _networks;

    internal ModelExplainer Explainer => _explainer;

    /// <summary>The same, the stages of each network by themselves.</summary>
    internal IReadOnlyList<IReadOnlyList<StageActivations>> ActivationsOfEach(IDataView rows, int images) =>
        [.. _explainer.Networks.Select((network, i) => network.Activations(PictureRows.Spread(rows, [_networks[i]], images).Select(picture => picture.Pixels[0])))];
}

/// <summary>The pictures of a data view as networks take them; those that cannot be read are left out.</summary>
internal static class PictureRows
{
    /// <param name="rows">With the image column, or with files named by a text column ImagePath.</param>
    /// <param name="networks">Whose pictures they are to be; their column is the first's.</param>
    /// <param name="wanted">Which rows, from 0; null for all.</param>
    /// <returns>The row, its file where it names one, and its pixels [C,H,W] for each network.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such column, or it is no image.</exception>
    public static IEnumerable<(long Row, string? File, byte[][] Pixels)> Read(
        IDataView rows, IReadOnlyList<ImageClassificationTransformer> networks, IReadOnlySet<long>? wanted = null)
    {
        ImagePreprocessing[] kinds = [.. networks.Select(network => network.Model.Artifact.Manifest.Preprocessing)];
        ImageColumn image = ImageColumn.BindOrFiles(rows.Schema, networks[0].FeatureColumnName, kinds[0], networks[0].Settings.MaxPixels);
        using DataViewRowCursor cursor = rows.GetRowCursor(image.Columns);
        Func<ImageSource> read = image.Reader(cursor);
        for (long row = 0; cursor.MoveNext(); row++)
        {
            if (wanted?.Contains(row) == false)
            {
                continue;
            }

            ImageSource source = read();
            if (PixelsOf(image, source, kinds) is { } pixels)
            {
                yield return (row, source.File, pixels);
            }
        }
    }

    /// <summary>The same of so many rows at most, spread evenly over all; null for all.</summary>
    public static IEnumerable<(long Row, string? File, byte[][] Pixels)> Spread(IDataView rows, IReadOnlyList<ImageClassificationTransformer> networks, int? count)
    {
        if (count is not { } most)
            return Read(rows, networks);
        long all = CountOf(rows);
        long taken = Math.Min(most, all);
        return Read(rows, networks, Enumerable.Range(0, (int)taken).Select(i => i * all / taken).ToHashSet());
    }

    private static long CountOf(IDataView rows)
    {
        if (rows.GetRowCount() is { } known)
            return known;
        using DataViewRowCursor cursor = rows.GetRowCursor([]);
        long count = 0;
        while (cursor.MoveNext())
            count++;
        return count;
    }

    private static byte[][]? PixelsOf(ImageColumn column, ImageSource source, ImagePreprocessing[] kinds)
    {
        try
        {
            return [.. kinds.Select(kind => column.Decode(source, kind))];
        }
        catch (ImageDecodeException)
        {
            return null;
        }
    }
}

/// <summary>Reads labels and scores of a scored data view.</summary>
internal static class ScoredRowReader
{
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, or label and score are of different classes.</exception>
    public static ClassificationReport Read(IDataView scored, string labelColumnName, string scoreColumnName, int worst)
    {
        KeyLabelColumn label = KeyLabelColumn.Bind(scored.Schema, labelColumnName);
        DataViewSchema.Column score = scored.Schema.GetColumnOrNull(scoreColumnName) ?? throw ColumnError.NotFound("score", scoreColumnName);
        if (score.Type is not VectorDataViewType { IsKnownSize: true, Size: > 1 } type || type.ItemType.RawType != typeof(float) || type.Size != label.Keys.Count)
            throw ColumnError.Mismatch("score", scoreColumnName, FormattableString.Invariant($"Vector<Single, {label.Keys.Count}>, one a class of '{labelColumnName}'"), score.Type.ToString()!);
        DataViewSchema.Column? path = scored.Schema.GetColumnOrNull(ImageColumn.PathColumnName) is { Type: TextDataViewType } text ? text : null;
        using DataViewRowCursor cursor = scored.GetRowCursor([label.Column, score, .. path is { } column ? new[] { column } : []]);
        Func<int?> readLabel = label.Reader(cursor);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(cursor.Schema[score.Index]);
        ValueGetter<ReadOnlyMemory<char>>? readPath = path is { } file ? cursor.GetGetter<ReadOnlyMemory<char>>(cursor.Schema[file.Index]) : null;
        ReportBuilder report = new(label.Keys.Names, worst);
        VBuffer<float> scores = default;
        var probabilities = new float[label.Keys.Count];
        for (long row = 0; cursor.MoveNext(); row++)
        {
            readScore(ref scores);
            scores.CopyTo(probabilities);
            ReadOnlyMemory<char> name = default;
            readPath?.Invoke(ref name);
            report.Add(row, readPath is null ? null : name.ToString(), readLabel(), probabilities);
        }
        return report.Build();
    }
}

/// <summary>What a model is made of.</summary>
internal static class TransformerChains
{
    /// <summary>The image classifier of a model, which may be a chain around it.</summary>
    /// <exception cref="ArgumentException">The model has none, or more than one.</exception>
    public static ImageClassificationTransformer ClassifierOf(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ImageClassificationTransformer[] classifiers = [.. PartsOf(model).OfType<ImageClassificationTransformer>()];
        return classifiers.Length == 1
            ? classifiers[0]
            : throw new ArgumentException($"The model has {classifiers.Length} image classifiers; it takes exactly one.", nameof(model));
    }

    /// <summary>The networks of a model, and the share of each in its score: of one image classifier, or of one ensemble.</summary>
    /// <exception cref="ArgumentException">The model has neither, or more than one.</exception>
    public static IReadOnlyList<(ImageClassificationTransformer Network, double Share)> NetworksOf(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return PartsOf(model).OfType<ImageEnsembleTransformer>().ToArray() is [var ensemble] && !PartsOf(model).OfType<ImageClassificationTransformer>().Any()
            ? [.. ensemble.Networks.Zip(ensemble.Weights, (network, weight) => (network, weight / ensemble.Weights.Sum()))]
            : [(ClassifierOf(model), 1.0)];
    }

    /// <summary>The same model with another classifier, or ensemble of them, in the place of its own.</summary>
    public static ITransformer Replace(ITransformer model, Func<ITransformer, ITransformer> replace) => model is IEnumerable<ITransformer> chain
        ? new TransformerChain<ITransformer>([.. chain.Select(part => Replace(part, replace))])
        : replace(model);

    private static IEnumerable<ITransformer> PartsOf(ITransformer model) => model is IEnumerable<ITransformer> chain ? chain.SelectMany(PartsOf) : [model];
}

/// <summary>Which part of its last features a model was trained on.</summary>
internal static class FixedMaskMap
{
    private const int Side = 8;

    /// <summary>1 where the features took part; null where all did.</summary>
    public static HeatMap? Of(ArtifactManifest manifest) => manifest.FixedMask is { } half ? new HeatMap(Side, Side, FixedMask.Mask(half, Side, Side)) : null;
}
