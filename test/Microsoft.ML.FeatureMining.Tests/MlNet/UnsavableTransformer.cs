using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.Tests.MlNet;

/// <summary>A transformer whose Save fails, as on a full disk.</summary>
internal sealed class UnsavableTransformer : ITransformer
{
    public bool IsRowToRowMapper => false;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;

    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new NotSupportedException();

    public IDataView Transform(IDataView input) => input;

    void ICanSaveModel.Save(ModelSaveContext ctx) => throw new IOException("The disk is full.");
}
