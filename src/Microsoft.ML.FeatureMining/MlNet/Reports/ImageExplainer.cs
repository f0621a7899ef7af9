using System.Globalization;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Evaluation;
using Microsoft.ML.FeatureMining.Explanation;
using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// Explains the predictions of a trained network by class activation maps, Grad-CAM and activations. Created by <c>mlContext.Model.CreateImageExplainer</c>.
/// </summary>
/// <remarks>Has its own copy of the network, with gradients, until it is disposed. Not thread-safe.</remarks>
public sealed class ImageExplainer : IDisposable
{
    private readonly ImageClassificationTransformer[] _networks;
    private readonly ModelExplainer _explainer;

    internal ImageExplainer(IHostEnvironment environment, IReadOnlyList<(ImageClassificationTransformer Network, double Share)> networks)
    {
        _networks = [.. networks.Select(entry => entry.Network)];
        _explainer = new ModelExplainer(
            [.. _networks.Select(network => new NetworkExplainer(network.Model.Saved, ComputeDevice.Of(environment)))],
            [.. networks.Select(entry => entry.Share)]
        );
        ClassNames = _networks[0].Keys.Names;
        FixedMaskMap = _networks.Length == 1 ? FeatureMining.FixedMaskMap.Of(_networks[0].Model.Saved.Manifest) : null;
    }

    /// <summary>The class names in the order of the scores; class indices from 0 if the label has no names.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The number of stages, each of which has a Grad-CAM map; for an ensemble, the stages of all networks.</summary>
    public int StageCount => _explainer.Networks.Sum(network => network.StageCount);

    /// <summary>
    /// The part of the last features that the network was trained on (<see cref="Strategies.FixedMask"/>): 1 in that part, 0 elsewhere. Null if the network was
    /// trained on all features, and for an ensemble.
    /// </summary>
    public HeatMap? FixedMaskMap { get; }

    /// <summary>Explains one image.</summary>
    /// <param name="encoded">The bytes of an image file, as returned by LoadRawImageBytes.</param>
    /// <param name="target">The index of the class to explain, from 0; null for the most probable class.</param>
    /// <exception cref="NotSupportedException">The network was trained on planar floats.</exception>
    /// <exception cref="ImageDecodeException">The bytes are not a readable image.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The class index is out of range.</exception>
    public ImageExplanation Explain(ReadOnlySpan<byte> encoded, int? target = null)
    {
        if (_networks[0].Model.Saved.Manifest.Element != PixelType.Byte)
        {
            throw new NotSupportedException("The network was trained on planar floats, not on image files. Call Explain with a data view of planar floats.");
        }

        var pixels = new byte[_networks.Length][];
        var views = new DecodedImage[_networks.Length];
        long maxPixels = _networks[0].Settings.MaxPixels;
        for (int i = 0; i < pixels.Length; i++)
        {
            ImagePreprocessing preprocessing = _networks[i].Model.Saved.Manifest.Preprocessing;
            pixels[i] = preprocessing.Apply(encoded, maxPixels);
            views[i] = preprocessing.View(encoded, maxPixels, ImageExplanation.LongestSide);
        }

        return Captioned(_explainer.Explain(pixels, target, views));
    }

    /// <summary>Explains rows, evenly spaced over the data view, while they are enumerated. Rows with an unreadable image are skipped.</summary>
    /// <param name="rows">Rows with the model's image column, or with files in a text column ImagePath.</param>
    /// <param name="images">The maximum number of rows; null for all.</param>
    /// <param name="target">The index of the class to explain, from 0; null for the most probable class of each row.</param>
    /// <returns>The row index (from 0), the file (null if the rows have none) and the explanation.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or the class index is out of range.</exception>
    public IEnumerable<(long Row, string? File, ImageExplanation Explanation)> Explain(IDataView rows, int? images = null, int? target = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return ImageRows
            .Spread(rows, _networks, images)
            .Select(image => (image.Row, image.File, Captioned(_explainer.Explain(image.Pixels, target, image.Views()))));
    }

    /// <summary>Measures the activations of each stage on rows that are evenly spaced over the data view (Xie et al. 2021, arXiv version, Figure 4).</summary>
    /// <param name="rows">Rows with the model's image column, or with files in a text column ImagePath.</param>
    /// <param name="images">The maximum number of rows; the paper uses 64. Rows with an unreadable image are skipped.</param>
    /// <returns>One entry per stage; for an ensemble, the stages of the first network first.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or <paramref name="images"/> is less than 1.</exception>
    public IReadOnlyList<StageActivations> Activations(IDataView rows, int images = 64)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(images);
        return [.. ActivationsOfEach(rows, images).SelectMany(stages => stages)];
    }

    /// <summary>Releases the memory of the networks.</summary>
    public void Dispose() => _explainer.Dispose();

    private ImageExplanation Captioned(ImageExplanation explanation) =>
        explanation.WithCaption(
            string.Create(CultureInfo.InvariantCulture, $"{ClassNames[explanation.Class]} {100 * explanation.Probabilities[explanation.Class]:0} %")
        );

    internal IReadOnlyList<ImageClassificationTransformer> Networks => _networks;

    internal ModelExplainer Explainer => _explainer;

    /// <summary>The activations of the stages of each network.</summary>
    internal IReadOnlyList<IReadOnlyList<StageActivations>> ActivationsOfEach(IDataView rows, int images) =>
        [.. _explainer.Networks.Select((network, i) => network.Activations(ImageRows.Spread(rows, [_networks[i]], images).Select(image => image.Pixels[0])))];
}

/// <summary>Reads and preprocesses the images of a data view; unreadable images are skipped.</summary>
internal static class ImageRows
{
    /// <param name="rows">Rows with the image column, or with files in a text column ImagePath.</param>
    /// <param name="networks">The networks to preprocess for; the first one gives the name of the image column.</param>
    /// <param name="wanted">The indices of the rows to read, from 0; null for all.</param>
    /// <returns>The row index, the file (null if the rows have none), the pixels [C,H,W] for each network, and what each network sees at the image's own
    /// resolution.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The column does not exist, or its type is not an image type.</exception>
    public static IEnumerable<ReadImage> Read(IDataView rows, IReadOnlyList<ImageClassificationTransformer> networks, IReadOnlySet<long>? wanted = null)
    {
        ImagePreprocessing[] kinds = [.. networks.Select(network => network.Model.Saved.Manifest.Preprocessing)];
        ImageColumn image = ImageColumn.BindOrUsual(rows.Schema, networks[0].FeatureColumnName, kinds[0], networks[0].Settings.MaxPixels);
        using DataViewRowCursor cursor = InputRows.Open(rows, image.Columns);
        Func<ImageSource> read = image.Reader(cursor);
        List<string> unreadable = [];
        for (long row = 0; cursor.MoveNext(); row++)
        {
            if (wanted?.Contains(row) == false)
            {
                continue;
            }

            ImageSource source = read();
            if (PixelsOf(image, source, kinds) is { } pixels)
            {
                yield return new ReadImage(row, source.File, pixels, () => [.. kinds.Select(kind => image.View(source, kind, ImageExplanation.LongestSide))]);
            }
            else
            {
                unreadable.Add(image.NameOf(source));
            }
        }

        if (unreadable.Count > 0)
        {
            using IChannel channel = networks[0].Environment.Start("Explanation");
            channel.Warning(
                MessageSensitivity.Schema,
                FormattableString.Invariant($"{unreadable.Count} unreadable images are left out, such as that of {unreadable[0]}.")
            );
        }
    }

    /// <summary>Reads up to <paramref name="count"/> rows, evenly spaced over the data view; null for all.</summary>
    public static IEnumerable<ReadImage> Spread(IDataView rows, IReadOnlyList<ImageClassificationTransformer> networks, int? count)
    {
        if (count is not { } most)
        {
            return Read(rows, networks);
        }

        long all = CountOf(rows);
        long taken = Math.Min(most, all);
        return Read(rows, networks, Enumerable.Range(0, (int)taken).Select(i => i * all / taken).ToHashSet());
    }

    private static long CountOf(IDataView rows)
    {
        if (rows.GetRowCount() is { } known)
        {
            return known;
        }

        using DataViewRowCursor cursor = InputRows.Open(rows, []);
        long count = 0;
        while (cursor.MoveNext())
        {
            count++;
        }

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

/// <summary>An image of a data view.</summary>
/// <param name="Row">The row index, from 0.</param>
/// <param name="File">The file; null if the rows have none.</param>
/// <param name="Pixels">The pixels [C,H,W] for each network.</param>
/// <param name="Views">Decodes what each network sees at the image's own resolution; null for planar floats.</param>
internal sealed record ReadImage(long Row, string? File, byte[][] Pixels, Func<IReadOnlyList<DecodedImage?>> Views);

/// <summary>Reads labels and scores of a scored data view.</summary>
internal static class ScoredRowReader
{
    /// <summary>By row, from 0: whether the class with the highest score is the label. Without rows that have no label or no score.</summary>
    public static IReadOnlyDictionary<long, bool> Hits(IDataView scored, string labelColumnName, string scoreColumnName)
    {
        Dictionary<long, bool> hits = [];
        if (
            scored.Schema.GetColumnOrNull(labelColumnName)?.Type is not KeyDataViewType
            || scored.Schema.GetColumnOrNull(scoreColumnName) is not { Type: VectorDataViewType } score
        )
        {
            return hits;
        }

        KeyLabelColumn label = KeyLabelColumn.Bind(scored.Schema, labelColumnName);
        using DataViewRowCursor cursor = InputRows.Open(scored, [label.Column, score]);
        Func<int?> readLabel = label.Reader(cursor);
        ValueGetter<VBuffer<float>> readScore = cursor.GetGetter<VBuffer<float>>(cursor.Schema[score.Index]);
        VBuffer<float> scores = default;
        for (long row = 0; cursor.MoveNext(); row++)
        {
            readScore(ref scores);
            float[] values = [.. scores.DenseValues()];
            if (readLabel() is { } actual && Array.TrueForAll(values, float.IsFinite))
            {
                hits.Add(row, values.AsSpan().IndexOf(values.Max()) == actual);
            }
        }

        return hits;
    }

    /// <exception cref="ArgumentOutOfRangeException">A column is missing or has another type, or label and score have different classes.</exception>
    public static ClassificationReport Read(IDataView scored, string labelColumnName, string scoreColumnName, int worst)
    {
        ArgumentNullException.ThrowIfNull(labelColumnName);
        ArgumentNullException.ThrowIfNull(scoreColumnName);
        KeyLabelColumn label = KeyLabelColumn.Bind(scored.Schema, labelColumnName);
        DataViewSchema.Column score = scored.Schema.GetColumnOrNull(scoreColumnName) ?? throw ColumnError.NotFound("score", scoreColumnName);
        if (
            score.Type is not VectorDataViewType { IsKnownSize: true, Size: > 1 } type
            || type.ItemType.RawType != typeof(float)
            || type.Size != label.Keys.Count
        )
        {
            throw ColumnError.Mismatch(
                "score",
                scoreColumnName,
                FormattableString.Invariant($"Vector<Single, {label.Keys.Count}>, one per class of '{labelColumnName}'"),
                score.Type.ToString()!
            );
        }

        DataViewSchema.Column? path = scored.Schema.GetColumnOrNull(ImageColumn.PathColumnName) is { Type: TextDataViewType } text ? text : null;
        using DataViewRowCursor cursor = InputRows.Open(scored, [.. label.Columns, score, .. path is { } column ? new[] { column } : []]);
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
            // An unreadable image is counted as such, whatever its label.
            int? actual = float.IsNaN(probabilities[0]) ? null : readLabel();
            report.Add(row, readPath is null ? null : name.ToString(), actual, probabilities);
        }

        report.Unknown = UnknownLabels.Of(label);
        return report.Build();
    }
}

/// <summary>Finds and replaces classifiers in transformer chains.</summary>
internal static class TransformerChains
{
    /// <summary>The image classifier of a model; the model may be a chain that contains it.</summary>
    /// <exception cref="ArgumentException">The model has no image classifier, or more than one.</exception>
    public static ImageClassificationTransformer ClassifierOf(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ImageClassificationTransformer[] classifiers = [.. PartsOf(model).OfType<ImageClassificationTransformer>()];
        return classifiers.Length == 1
            ? classifiers[0]
            : throw new ArgumentException($"The model has {classifiers.Length} image classifiers; it must have exactly one.", nameof(model));
    }

    /// <summary>The networks of a model, which has one image classifier or one ensemble, and the weight of each in its score; the weights sum to 1.</summary>
    /// <exception cref="ArgumentException">The model has neither, or more than one of them.</exception>
    public static IReadOnlyList<(ImageClassificationTransformer Network, double Share)> NetworksOf(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return PartsOf(model).OfType<ImageEnsembleTransformer>().ToArray() is [var ensemble] && !PartsOf(model).OfType<ImageClassificationTransformer>().Any()
            ? [.. ensemble.Networks.Zip(ensemble.Weights, (network, weight) => (network, weight / ensemble.Weights.Sum()))]
            : [(ClassifierOf(model), 1.0)];
    }

    /// <summary>The last image classifier or ensemble of a model, which may be a chain.</summary>
    /// <exception cref="ArgumentException">The model has neither.</exception>
    public static ITransformer LastClassifierOf(ITransformer model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return PartsOf(model).LastOrDefault(part => part is ImageClassificationTransformer or ImageEnsembleTransformer)
            ?? throw new ArgumentException("The model has no image classifier.", nameof(model));
    }

    /// <summary>Returns the model with each part replaced by the result of a function.</summary>
    public static ITransformer Replace(ITransformer model, Func<ITransformer, ITransformer> replace) =>
        model is IEnumerable<ITransformer> chain ? new TransformerChain<ITransformer>([.. chain.Select(part => Replace(part, replace))]) : replace(model);

    /// <summary>Returns the model with its classifiers and ensembles replaced.</summary>
    /// <exception cref="ArgumentException">The model has neither.</exception>
    public static ITransformer ReplaceClassifiers(
        ITransformer model,
        Func<ImageClassificationTransformer, ITransformer> ofClassifier,
        Func<ImageEnsembleTransformer, ITransformer> ofEnsemble
    ) =>
        ReplaceSome(
            model,
            part =>
                part switch
                {
                    ImageClassificationTransformer classifier => ofClassifier(classifier),
                    ImageEnsembleTransformer ensemble => ofEnsemble(ensemble),
                    _ => null,
                },
            "The model has no image classifier."
        );

    /// <summary>Returns the model with each part replaced for which the function is not null.</summary>
    /// <exception cref="ArgumentException">There is none; with that message.</exception>
    public static ITransformer ReplaceSome(ITransformer model, Func<ITransformer, ITransformer?> replace, string message)
    {
        bool found = false;
        ITransformer result = Replace(
            model,
            part =>
            {
                ITransformer? other = replace(part);
                found |= other is not null;
                return other ?? part;
            }
        );
        return found ? result : throw new ArgumentException(message, nameof(model));
    }

    private static IEnumerable<ITransformer> PartsOf(ITransformer model) => model is IEnumerable<ITransformer> chain ? chain.SelectMany(PartsOf) : [model];
}

/// <summary>The part of the last features that a model was trained on.</summary>
internal static class FixedMaskMap
{
    private const int Side = 8;

    /// <summary>1 in the part used, 0 elsewhere; null if all features were used.</summary>
    public static HeatMap? Of(ModelManifest manifest) => manifest.FixedMask is { } half ? new HeatMap(Side, Side, FixedMask.Mask(half, Side, Side)) : null;
}
