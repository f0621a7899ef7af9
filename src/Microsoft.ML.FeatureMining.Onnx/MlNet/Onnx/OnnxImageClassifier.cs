using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.MlNet.Columns;
using Microsoft.ML.FeatureMining.MlNet.Scoring;
using Microsoft.ML.Runtime;

[assembly: IgnoresAccessChecksTo("Microsoft.ML.Core")]
[assembly: IgnoresAccessChecksTo("Microsoft.ML.Data")]
[assembly: LoadableClass(typeof(OnnxImageClassifier), typeof(OnnxImageClassifier), null, typeof(SignatureLoadModel), "", OnnxImageClassifier.LoaderSignature)]

namespace Microsoft.ML.FeatureMining;

/// <summary>
/// An image classifier for ML.NET pipelines that runs on ONNX Runtime. Adds the same columns as the exported transformer: PredictedLabel (a key) and Score
/// (probabilities in the order of the keys). For a multi-label model, both are vectors [K]. It is already trained: <see cref="Fit"/> returns the same object.
/// </summary>
/// <remarks>Thread-safe. It holds native memory until it is disposed; scoring after Dispose throws <see cref="ObjectDisposedException"/>.</remarks>
public sealed class OnnxImageClassifier : IScoringTransformer, IEstimator<OnnxImageClassifier>, IDisposable
{
    internal const string LoaderSignature = "FeatureMiningOnnx";

    private const string ModelSignature = "FMONNXCL";
    private const string ModelFile = "model.onnx";

    private readonly OnnxModelFile _file;
    private readonly ScoringSettings _settings;
    private readonly int? _threads;
    private readonly OnnxSession _session;
    private readonly ClassKeys _keys;
    private readonly ImageScoring _scoring;

    internal OnnxImageClassifier(IHostEnvironment environment, OnnxModelFile file, ScoringSettings settings, int? threads)
    {
        (_file, _settings, _threads) = (file, settings, threads);
        _session = file.Load(environment, threads, out OnnxModelDescription description);
        IsMultilabel = description.IsMultilabel;
        _keys = ClassKeys.OfText(description.ClassNames);
        _scoring = new ImageScoring(settings, _keys, description.Scorers(_session), environment);
    }

    private OnnxImageClassifier(OnnxImageClassifier other, ScoringSettings settings)
    {
        (_file, _threads, _session, _keys, IsMultilabel) = (other._file, other._threads, other._session, other._keys, other.IsMultilabel);
        (_settings, _scoring) = (settings, other._scoring.With(settings));
    }

    /// <summary>The names of the classes, in the order of Score.</summary>
    public IReadOnlyList<string> ClassNames => _keys.Names;

    /// <summary>Whether an image may have any number of classes.</summary>
    public bool IsMultilabel { get; }

    /// <summary>True: each row is scored independently.</summary>
    public bool IsRowToRowMapper => true;

    /// <summary>The input's columns, PredictedLabel and Score.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has an unsupported type.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => _scoring.Extend(inputSchema);

    /// <summary>The input's columns, PredictedLabel and Score.</summary>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        DataViewSchema added = ScoreSchema.Extend(new DataViewSchema.Builder().ToSchema(), _settings, _keys, IsMultilabel);
        SchemaShape.Column[] columns = [.. Internals.ShapeOf(added)];
        return new SchemaShape(inputSchema.Where(column => !columns.Any(other => other.Name == column.Name)).Concat(columns));
    }

    /// <summary>Checks the input's columns and returns this classifier.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has an unsupported type.</exception>
    public OnnxImageClassifier Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        _ = GetOutputSchema(input.Schema);
        return this;
    }

    /// <summary>Scores rows lazily, in batches, while a cursor reads them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has an unsupported type.</exception>
    public IDataView Transform(IDataView input) => _scoring.Transform(input);

    /// <summary>Returns a mapper that scores one row at a time, for a prediction engine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The image column is missing or has an unsupported type.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => _scoring.Mapper(inputSchema);

    /// <summary>Releases the memory of the network.</summary>
    public void Dispose() => _session.Dispose();

    IScoringTransformer IScoringTransformer.With(Func<ScoringSettings, ScoringSettings> change) => new OnnxImageClassifier(this, change(_settings));

    // ML.NET finds this method by reflection (name, return type and parameters) when it loads a model.
    private static OnnxImageClassifier Create(IHostEnvironment environment, ModelLoadContext context)
    {
        BinaryReader reader = Internals.Begin<OnnxImageClassifier>(context, ModelSignature, LoaderSignature);
        ScoringSettings settings = ScoringSettings.Read(reader);
        int threads = reader.ReadInt32();
        byte[] model = Internals.LoadBinary(
            context,
            ModelFile,
            stream =>
            {
                using MemoryStream content = new();
                stream.CopyTo(content);
                return content.ToArray();
            }
        );
        return new OnnxImageClassifier(environment, new OnnxModelFile(model, null), settings, threads > 0 ? threads : null);
    }

    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        byte[] model =
            _file.Bytes
            ?? throw new NotSupportedException(
                $"The weights of '{_file.Path}' are in a second file, so it cannot be saved in a pipeline. Keep the two files instead."
            );
        BinaryWriter writer = Internals.Begin<OnnxImageClassifier>(ctx, ModelSignature, LoaderSignature);
        _settings.Write(writer);
        writer.Write(_threads ?? 0);
        Internals.SaveBinary(ctx, ModelFile, stream => stream.Write(model));
    }
}
