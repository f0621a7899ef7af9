using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Detection.MlNet;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// A trained object detector in an ML.NET pipeline. Adds three vectors with one entry per object found, the best first: PredictedLabel (keys; MapKeyToValue
/// gives the names), PredictedBoundingBoxes (x0, y0, x1, y1 in pixels of the upright image, four numbers per object) and Score (in [0, 1]). Save it with
/// <c>mlContext.Model.Save</c>; <c>Load</c> works in any program that has this assembly.
/// </summary>
/// <remarks>Thread-safe. It holds native memory until it is disposed; scoring after Dispose throws <see cref="ObjectDisposedException"/>.</remarks>
public sealed class RetinaNetTransformer : IScoringTransformer, IDisposable
{
    private const string ModelSignature = "FMDETECT";

    private readonly IHostEnvironment _environment;
    private readonly SavedDetector _saved;
    private readonly DetectionSettings _settings;
    private readonly ClassKeys _keys;
    private readonly DetectionScorer _scorer;
    private int _hasWarned;

    internal RetinaNetTransformer(IHostEnvironment environment, SavedDetector saved, DetectionSettings settings)
    {
        (_environment, _saved, _settings) = (environment, saved, settings);
        _keys = ClassKeys.OfModel(saved.Manifest.ClassNames, saved.Manifest.ClassCount, settings.Scoring.KeyValues);
        _scorer = new DetectionScorer(saved, ComputeDevice.Of(environment));
    }

    private RetinaNetTransformer(RetinaNetTransformer other, ScoringSettings settings)
    {
        (_environment, _saved, _keys, _scorer) = (other._environment, other._saved, other._keys, other._scorer);
        _settings = other._settings with { Scoring = settings };
    }

    /// <summary>The key of the backbone.</summary>
    public string Backbone => _saved.Manifest.Backbone;

    /// <summary>The class names in the order of the keys; null if the label had no names.</summary>
    public IReadOnlyList<string>? ClassNames => _saved.Manifest.ClassNames;

    /// <summary>Height and width of the network's input in pixels.</summary>
    public int ImageSize => _saved.Manifest.ImageSize;

    /// <summary>The epoch that the weights are from, counted from 1.</summary>
    public int Epoch => _saved.Manifest.Epoch;

    /// <summary>Why the training ended.</summary>
    public TrainingEnd End => _saved.Manifest.End;

    /// <summary>The metrics of each epoch: ValidationAccuracy is the mean average precision; TrainAccuracy is NaN.</summary>
    public IReadOnlyList<EpochMetrics> History => _saved.Manifest.History;

    /// <summary>The training recipe, for people to read.</summary>
    public JsonElement? Recipe => _saved.Manifest.Recipe;

    /// <summary>The number of training rows skipped because their image was unreadable (<see cref="UnreadableImageBehavior.Skip"/>).</summary>
    public int SkippedImages => _saved.Manifest.SkippedImages;

    /// <summary>True: each row is scored independently.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, PredictedLabel, PredictedBoundingBoxes and Score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <summary>Scores rows lazily, in batches, while a cursor reads them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoringDataView(input, BindAndWarn(input.Schema), _settings.Scoring.RowsPerBatch(_scorer.Preprocessing.Shape));
    }

    /// <summary>Returns a mapper that scores one row at a time, for a prediction engine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new ScoringRowMapper(BindAndWarn(inputSchema));

    /// <summary>Releases the memory of the network.</summary>
    public void Dispose() => _scorer.Dispose();

    internal SavedDetector Saved => _saved;

    IScoringTransformer IScoringTransformer.With(Func<ScoringSettings, ScoringSettings> change) => new RetinaNetTransformer(this, change(_settings.Scoring));

    private DetectionColumns BindAndWarn(DataViewSchema input)
    {
        DetectionColumns columns = Bind(input);
        if (columns.Image.OriginWarning(_scorer.Origin) is { } warning && Interlocked.Exchange(ref _hasWarned, 1) == 0)
        {
            using IChannel channel = _environment.Start("Scoring");
            channel.Warning(MessageSensitivity.Schema, warning);
        }

        return columns;
    }

    private DetectionColumns Bind(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ScoringSettings settings = _settings.Scoring;
        ImageColumn image = ImageColumn.BindOrUsual(input, settings.ImageColumnName, _scorer.Preprocessing, settings.MaxPixels);
        return image.Element == PixelType.Byte
            ? new DetectionColumns(input, DetectionSchema.Extend(input, _settings, _keys), image, _scorer, settings.OnUnreadableImage)
            : throw ColumnError.Mismatch("image", image.Column.Name, DetectionSchema.ImagesExpected, image.Column.Type.ToString()!);
    }

    // ML.NET finds this method by reflection (name, return type and parameters) when it loads a model.
    private static RetinaNetTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        BinaryReader reader = Internals.Begin<RetinaNetTransformer>(context, ModelSignature, DetectorLoader.Name);
        DetectionSettings settings = new(ScoringSettings.Read(reader), reader.ReadString());
        string manifest = Internals.LoadText(context, SavedDetector.ManifestFile);
        DetectorManifest described = DetectorManifest.FromJson(manifest);
        SavedDetector saved = new(described, Internals.LoadBinary(context, SavedDetector.WeightsFile, stream => SavedDetector.ReadWeights(described, stream)));
        if (!reader.ReadBytes(SHA256.HashSizeInBytes).AsSpan().SequenceEqual(saved.Weights.Checksum(manifest)))
        {
            throw new InvalidDataException("The model file is damaged: the checksum of its manifest and weights does not match.");
        }

        return new RetinaNetTransformer(environment, saved, settings);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        BinaryWriter writer = Internals.Begin<RetinaNetTransformer>(ctx, ModelSignature, DetectorLoader.Name);
        _settings.Scoring.Write(writer);
        writer.Write(_settings.BoxColumnName);
        string manifest = _saved.Manifest.ToJson();
        Internals.SaveText(ctx, SavedDetector.ManifestFile, manifest);
        Internals.SaveBinary(ctx, SavedDetector.WeightsFile, stream => Safetensors.Write(_saved.Weights, stream));
        writer.Write(_saved.Weights.Checksum(manifest));
    }
}
