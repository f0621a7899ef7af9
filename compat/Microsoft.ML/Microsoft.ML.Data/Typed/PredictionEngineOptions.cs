using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>How a prediction engine binds the user's classes.</summary>
public sealed class PredictionEngineOptions
{
    public bool IgnoreMissingColumns = true;

    public SchemaDefinition InputSchemaDefinition;

    public SchemaDefinition OutputSchemaDefinition;

    /// <summary>Whether the engine disposes of the transformer.</summary>
    public bool OwnsTransformer = true;
}
