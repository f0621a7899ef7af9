using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>A transformer that adds columns, row by row.</summary>
public abstract class RowToRowTransformerBase : ITransformer
{
    private protected readonly IHost Host;

    private protected RowToRowTransformerBase(IHost host) => Host = host;

    bool ITransformer.IsRowToRowMapper => true;

    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => MapperFor(inputSchema).OutputSchema;

    public IDataView Transform(IDataView input)
    {
        Host.CheckValue(input, nameof(input));
        return new RowToRowDataView(input, MapperFor(input.Schema));
    }

    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema) => MapperFor(inputSchema);

    void ICanSaveModel.Save(ModelSaveContext ctx) => SaveModel(ctx);

    private protected abstract IEnumerable<OutputColumn> AddedColumns(DataViewSchema input);

    private protected abstract void SaveModel(ModelSaveContext ctx);

    private AddedColumnsMapper MapperFor(DataViewSchema inputSchema)
    {
        Host.CheckValue(inputSchema, nameof(inputSchema));
        return new AddedColumnsMapper(inputSchema, AddedColumns(inputSchema));
    }
}
