using Microsoft.ML.Data;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Saves and loads models, and makes prediction engines of them.</summary>
public sealed class ModelOperationsCatalog : IInternalCatalog
{
    private const string SchemaEntry = "Schema";
    private const string TransformerFolder = "TransformerChain";

    private readonly IHostEnvironment _env;

    internal ModelOperationsCatalog(IHostEnvironment env) => _env = env;

    IHostEnvironment IInternalCatalog.Environment => _env;

    public void Save(ITransformer model, DataViewSchema inputSchema, Stream stream)
    {
        _env.CheckValue(stream, nameof(stream));
        using RepositoryWriter repository = RepositoryWriter.CreateNew(stream);
        ModelSaveContext.SaveModel(repository, model, TransformerFolder);
        if (inputSchema is null)
            return;
        using Stream entry = repository.CreateEntry(null, SchemaEntry);
        SchemaFormat.Write(entry, inputSchema);
    }

    public void Save(ITransformer model, DataViewSchema inputSchema, string filePath)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using FileStream stream = File.Create(filePath);
        Save(model, inputSchema, stream);
    }

    /// <summary>The model, and the schema that was saved with it or null.</summary>
    public ITransformer Load(Stream stream, out DataViewSchema inputSchema)
    {
        _env.CheckValue(stream, nameof(stream));
        using RepositoryReader repository = RepositoryReader.Open(stream, _env);
        using Stream schema = repository.OpenEntryOrNull(null, SchemaEntry);
        inputSchema = schema is null ? null : SchemaFormat.Read(schema);
        ModelLoadContext.LoadModel<ITransformer, SignatureLoadModel>(_env, out ITransformer model, repository, TransformerFolder);
        return model;
    }

    public ITransformer Load(string filePath, out DataViewSchema inputSchema)
    {
        _env.CheckNonEmpty(filePath, nameof(filePath));
        using FileStream stream = File.OpenRead(filePath);
        return Load(stream, out inputSchema);
    }

    /// <summary>Predicts one example after the other; for one thread at a time.</summary>
    public PredictionEngine<TSrc, TDst> CreatePredictionEngine<TSrc, TDst>(
        ITransformer transformer,
        bool ignoreMissingColumns = true,
        SchemaDefinition inputSchemaDefinition = null,
        SchemaDefinition outputSchemaDefinition = null)
        where TSrc : class
        where TDst : class, new()
        => CreatePredictionEngine<TSrc, TDst>(transformer, new PredictionEngineOptions
        {
            IgnoreMissingColumns = ignoreMissingColumns,
            InputSchemaDefinition = inputSchemaDefinition,
            OutputSchemaDefinition = outputSchemaDefinition,
        });

    public PredictionEngine<TSrc, TDst> CreatePredictionEngine<TSrc, TDst>(ITransformer transformer, PredictionEngineOptions options)
        where TSrc : class
        where TDst : class, new()
        => new(_env, transformer, options);
}
