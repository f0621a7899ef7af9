using System.Security.Cryptography;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Augmentation;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks.Heads;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Pixels;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// A trained image classifier in an ML.NET pipeline. Adds PredictedLabel (a key) and Score (probabilities in the order of the keys). For a multi-label model,
/// both are vectors [K]: of 0 and 1, and of probabilities. Save it with <c>mlContext.Model.Save</c>; <c>Load</c> works in any program that has this assembly.
/// </summary>
/// <remarks>Thread-safe. It holds native memory until it is disposed; scoring after Dispose throws <see cref="ObjectDisposedException"/>.</remarks>
public sealed class ImageClassificationTransformer : ISingleFeaturePredictionTransformer<ImageClassificationModel>, IScoringTransformer, IDisposable
{
    private const string ModelSignature = "FMIMAGES";

    private readonly IHostEnvironment _environment;
    private readonly ImageScoring _scoring;

    internal ImageClassificationTransformer(IHostEnvironment environment, SavedModel saved, ScoringSettings settings)
    {
        (_environment, Settings) = (environment, settings);
        Model = new ImageClassificationModel(saved);
        Keys = ClassKeys.OfModel(saved.Manifest.ClassNames, saved.Manifest.ClassCount, settings.KeyValues);
        Scorer = new ImageScorer(saved, ComputeDevice.Of(environment));
        _scoring = new ImageScoring(settings, Keys, [new WeightedScorer(Scorer, 1)], _environment);
    }

    private ImageClassificationTransformer(ImageClassificationTransformer other, ScoringSettings settings)
    {
        (_environment, Settings) = (other._environment, settings);
        (Model, Keys, Scorer) = (other.Model, other.Keys, other.Scorer);
        _scoring = other._scoring.With(settings);
    }

    /// <summary>Describes the trained network.</summary>
    public ImageClassificationModel Model { get; }

    internal IHostEnvironment Environment => _environment;

    internal ScoringSettings Settings { get; }

    internal ClassKeys Keys { get; }

    internal ImageScorer Scorer { get; }

    /// <summary>The image column.</summary>
    public string FeatureColumnName => Settings.ImageColumnName;

    /// <summary>
    /// Encoded bytes, or planar floats if the network was trained on them. A network trained on encoded bytes also accepts MLImage and paths.
    /// </summary>
    public DataViewType FeatureColumnType => _scoring.ColumnType;

    /// <summary>True: each row is scored independently.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, PredictedLabel and Score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type than in training.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scoring.Extend(inputSchema);

    /// <summary>Scores rows lazily, in batches, while a cursor reads them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type than in training.</exception>
    public IDataView Transform(IDataView input) => _scoring.Transform(input);

    /// <summary>Returns a mapper that scores one row at a time, for a prediction engine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has another type than in training.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scoring.Mapper(inputSchema);

    /// <summary>Releases the memory of the network.</summary>
    public void Dispose() => Scorer.Dispose();

    /// <summary>Returns a transformer with the same network (not a copy) and other settings.</summary>
    internal ImageClassificationTransformer With(Func<ScoringSettings, ScoringSettings> change) => new(this, change(Settings));

    IScoringTransformer IScoringTransformer.With(Func<ScoringSettings, ScoringSettings> change) => With(change);

    /// <summary>Returns a transformer with a copy of the network and other test-time augmentation.</summary>
    /// <exception cref="ArgumentException">Ten-crop needs a larger image, but the network takes planar floats, which are not resized.</exception>
    internal ImageClassificationTransformer With(TestTimeAugmentation views)
    {
        SavedModel saved = Model.Saved;
        if (views == TestTimeAugmentation.TenCrop && saved.Manifest.Element == PixelType.Single)
        {
            throw new ArgumentException(
                $"TenCrop needs larger images to crop from, but this model takes planar floats of {Model.Input}, which are not resized. " + "Use Flip instead.",
                nameof(views)
            );
        }

        return new ImageClassificationTransformer(_environment, new SavedModel(saved.Manifest with { TestTimeAugmentation = views }, saved.Weights), Settings);
    }

    /// <summary>Returns a transformer with a copy of the network and its temperature multiplied by a factor.</summary>
    internal ImageClassificationTransformer WithTemperature(double factor)
    {
        SavedModel saved = Model.Saved;
        ModelManifest manifest = saved.Manifest with { Temperature = saved.Manifest.Temperature * factor };
        return new ImageClassificationTransformer(_environment, new SavedModel(manifest, saved.Weights), Settings);
    }

    /// <summary>Returns a transformer with the same weights that uses only one classifier of the Split-and-Share head.</summary>
    /// <exception cref="ArgumentException">The head is not a Split-and-Share head, or the number is out of range.</exception>
    internal ImageClassificationTransformer WithClassifier(int number)
    {
        SavedModel saved = Model.Saved;
        if (Model.Head is not SplitAndShareHead { Only: null } head)
        {
            throw new ArgumentException(
                $"The model's head is '{Model.Head?.Key ?? "the backbone's default"}', but only an 'ssm' head has several classifiers."
            );
        }

        if (number < 1 || number > head.Splits)
        {
            throw new ArgumentException(
                FormattableString.Invariant($"The classifier number must be between 1 and {head.Splits}; it is {number}."),
                nameof(number)
            );
        }

        return new ImageClassificationTransformer(
            _environment,
            new SavedModel(saved.Manifest with { Head = head with { Only = number } }, saved.Weights),
            Settings
        );
    }

    // ML.NET finds this method by reflection (name, return type and parameters) when it loads a model.
    private static ImageClassificationTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        BinaryReader reader = Internals.Begin<ImageClassificationTransformer>(context, ModelSignature, ModelLoaders.Classifier);
        ScoringSettings settings = ScoringSettings.Read(reader);
        string manifest = Internals.LoadText(context, SavedModel.ManifestFile);
        ModelManifest described = ModelManifest.FromJson(manifest);
        NamedTensors weights = Internals.LoadBinary(
            context,
            SavedModel.WeightsFile,
            stream => Safetensors.Read(stream, header => WeightBudget.Check(described, header.Entries))
        );
        if (!reader.ReadBytes(SHA256.HashSizeInBytes).AsSpan().SequenceEqual(weights.Checksum(manifest)))
        {
            throw new InvalidDataException("The model file is damaged: the checksum of its manifest and weights does not match.");
        }

        return new ImageClassificationTransformer(environment, new SavedModel(described, weights), settings);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        BinaryWriter writer = Internals.Begin<ImageClassificationTransformer>(ctx, ModelSignature, ModelLoaders.Classifier);
        Settings.Write(writer);
        string manifest = Model.Saved.Manifest.ToJson();
        Internals.SaveText(ctx, SavedModel.ManifestFile, manifest);
        Internals.SaveBinary(ctx, SavedModel.WeightsFile, stream => Safetensors.Write(Model.Saved.Weights, stream));
        writer.Write(Model.Saved.Weights.Checksum(manifest));
    }
}
