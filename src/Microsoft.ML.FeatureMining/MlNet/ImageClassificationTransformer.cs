using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.Artifacts;
using Microsoft.ML.FeatureMining.Data;
using Microsoft.ML.FeatureMining.MlNet;
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
    private readonly ScoringSettings _settings;
    private readonly ClassKeys _keys;
    private readonly ImageScorer _scorer;

    internal ImageClassificationTransformer(IHostEnvironment environment, ModelArtifact artifact, ScoringSettings settings)
    {
        Model = new ImageClassificationModel(artifact);
        _settings = settings;
        _keys = ClassKeys.Of(artifact.Manifest, settings.KeyValues);
        _scorer = new ImageScorer(artifact, ComputeDevice.Of(environment));
    }

    /// <summary>What the trained network says of itself.</summary>
    public ImageClassificationModel Model { get; }

    internal ScoringSettings Settings => _settings;

    /// <summary>The column of the pictures.</summary>
    public string FeatureColumnName => _settings.ImageColumnName;

    /// <summary>Encoded bytes, or planar floats where the network was trained on them. A network of encoded bytes takes MLImage as well.</summary>
    public DataViewType FeatureColumnType => _scorer.Element == PixelType.Byte
        ? new VectorDataViewType(NumberDataViewType.Byte)
        : new VectorDataViewType(NumberDataViewType.Single, _scorer.Input.Channels, _scorer.Input.Height, _scorer.Input.Width);

    /// <summary>True: each row is scored by itself.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, PredictedLabel and Score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => Bind(inputSchema).Output;

    /// <summary>Scores rows as they are asked for, in batches; nothing is kept.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new ScoringDataView(input, Bind(input.Schema), _settings.BatchSize);
    }

    /// <summary>Scores one row at a time, for a prediction engine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or of another type than in training.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => new ScoringRowMapper(Bind(inputSchema));

    /// <summary>Frees the network's memory.</summary>
    public void Dispose() => _scorer.Dispose();

    void ICanSaveModel.Save(ModelSaveContext ctx) => Internals.Save(ctx, _settings, Model.Artifact);

    private ScoringColumns Bind(DataViewSchema input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ImageColumn image = ImageColumn.Bind(input, _settings.ImageColumnName, Model.Artifact.Manifest.Preprocessing, _settings.MaxPixels);
        if (image.Element != _scorer.Element || image.Shape != _scorer.Input)
            throw ScoreSchema.Mismatch("image", image.Column.Name, FeatureColumnType.ToString()!, image.Column.Type.ToString()!);
        return new ScoringColumns(input, ScoreSchema.Extend(input, _settings, _keys, Model.IsMultilabel), image, new RowScorer(_scorer, image, _settings.UnreadableImages), Model.IsMultilabel);
    }
}
