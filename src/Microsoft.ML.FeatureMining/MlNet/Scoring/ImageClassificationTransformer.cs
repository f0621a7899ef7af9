using System.Security.Cryptography;
using System.Text;
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
/// A trained image classifier as a part of an ML.NET pipeline: adds PredictedLabel (the label's key) and Score (the probabilities, in the order of the keys); where an image may have any number of
/// classes, both are vectors, of 0 and 1 and of each class's probability. Saved by
/// <c>mlContext.Model.Save</c> and loaded by <c>Load</c> in any program that has this assembly beside it.
/// </summary>
/// <remarks>Any number of threads may score with it at once. It holds native memory until it is disposed; it cannot score after that.</remarks>
public sealed class ImageClassificationTransformer : ISingleFeaturePredictionTransformer<ImageClassificationModel>, IDisposable
{
    private const string ModelSignature = "FMIMAGES";

    private readonly IHostEnvironment _environment;
    private readonly ImageScoring _scoring;

    internal ImageClassificationTransformer(IHostEnvironment environment, ModelArtifact artifact, ScoringSettings settings)
    {
        (_environment, Settings) = (environment, settings);
        Model = new ImageClassificationModel(artifact);
        Keys = ClassKeys.Of(artifact.Manifest, settings.KeyValues);
        Scorer = new ImageScorer(artifact, ComputeDevice.Of(environment));
        _scoring = new ImageScoring(settings, Keys, [new WeightedScorer(Scorer, 1)]);
    }

    private ImageClassificationTransformer(ImageClassificationTransformer other, ScoringSettings settings)
    {
        (_environment, Settings) = (other._environment, settings);
        (Model, Keys, Scorer) = (other.Model, other.Keys, other.Scorer);
        _scoring = new ImageScoring(settings, Keys, [new WeightedScorer(Scorer, 1)]);
    }

    /// <summary>What the trained network says of itself.</summary>
    public ImageClassificationModel Model { get; }

    internal ScoringSettings Settings { get; }

    internal ClassKeys Keys { get; }

    internal ImageScorer Scorer { get; }

    /// <summary>The column of the pictures.</summary>
    public string FeatureColumnName => Settings.ImageColumnName;

    /// <summary>Encoded bytes, or planar floats where the network was trained on them. A network of encoded bytes takes MLImage as well.</summary>
    public DataViewType FeatureColumnType => _scoring.ColumnType;

    /// <summary>True: each row is scored by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, PredictedLabel and Score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scoring.Extend(inputSchema);

    /// <summary>Scores rows as they are asked for, in batches; nothing is kept.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public IDataView Transform(IDataView input) => _scoring.Transform(input);

    /// <summary>Scores one row at a time, for a prediction engine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scoring.Mapper(inputSchema);

    /// <summary>Frees the network's memory.</summary>
    public void Dispose() => Scorer.Dispose();

    /// <summary>The same network, in the same memory; images that cannot be read get NaN scores.</summary>
    internal ImageClassificationTransformer Skipping() => new(this, Settings with { OnUnreadableImage = UnreadableImageBehavior.Skip });

    /// <summary>The same network with other views, in memory of its own.</summary>
    /// <exception cref="ArgumentException">The views are cut out of larger pictures, and the network takes pixels as they are.</exception>
    internal ImageClassificationTransformer With(TestTimeAugmentation views)
    {
        ModelArtifact artifact = Model.Artifact;
        if (views == TestTimeAugmentation.TenCrop && artifact.Manifest.Element == PixelType.Single)
            throw new ArgumentException($"Ten crops are cut out of a larger picture, and this model takes planar floats of {Model.Input}, which are not resized. Flip works with them.", nameof(views));
        return new ImageClassificationTransformer(_environment, new ModelArtifact(artifact.Manifest with { TestTimeAugmentation = views }, artifact.Weights), Settings);
    }

    /// <summary>The same weights with one classifier of the Split-and-Share head alone.</summary>
    /// <exception cref="ArgumentException">The head is another, or has no classifier of that number.</exception>
    internal ImageClassificationTransformer WithClassifier(int number)
    {
        ModelArtifact artifact = Model.Artifact;
        if (Model.Head is not SplitAndShareHead { Only: null } head)
        {
            throw new ArgumentException($"The model's head is '{Model.Head?.Key ?? "the backbone's own"}'; only an 'ssm' head has several classifiers.");
        }

        if (number < 1 || number > head.Splits)
        {
            throw new ArgumentException(FormattableString.Invariant($"The number of a classifier must be 1 to {head.Splits}; it is {number}."), nameof(number));
        }

        return new ImageClassificationTransformer(_environment, new ModelArtifact(artifact.Manifest with { Head = head with { Only = number } }, artifact.Weights), Settings);
    }

    // ML.NET calls this, by its name, its return type and these parameters, when it loads a model.
    private static ImageClassificationTransformer Create(IHostEnvironment environment, ModelLoadContext context)
    {
        BinaryReader reader = Internals.Begin(context, ModelSignature, Internals.LoaderSignature);
        ScoringSettings settings = ScoringSettings.Read(reader);
        string manifest = Internals.LoadText(context, ModelArtifact.ManifestFile);
        ArtifactManifest described = ArtifactManifest.FromJson(manifest);
        NamedTensors weights = Internals.LoadBinary(context, ModelArtifact.WeightsFile, stream => Safetensors.Read(stream, entries => WeightBudget.Check(described, entries)));
        if (!reader.ReadBytes(SHA256.HashSizeInBytes).AsSpan().SequenceEqual(Checksum(manifest, weights)))
        {
            throw new InvalidDataException("The model is damaged: its manifest and weights are not those that were saved.");
        }

        return new ImageClassificationTransformer(environment, new ModelArtifact(described, weights), settings);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        BinaryWriter writer = Internals.Begin(ctx, ModelSignature, Internals.LoaderSignature);
        Settings.Write(writer);
        string manifest = Model.Artifact.Manifest.ToJson();
        Internals.SaveText(ctx, ModelArtifact.ManifestFile, manifest);
        Internals.SaveBinary(ctx, ModelArtifact.WeightsFile, stream => Safetensors.Write(Model.Artifact.Weights, stream));
        writer.Write(Checksum(manifest, Model.Artifact.Weights));
    }

    // .NET does not check a zip's own checksums on reading, and a network with a few wrong weights would still give answers.
    private static byte[] Checksum(string manifest, NamedTensors weights)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(manifest));
        foreach (NamedTensor tensor in weights.Tensors)
        {
            hash.AppendData(tensor.Bytes);
        }

        return hash.GetHashAndReset();
    }
}
