using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>Makes one data view of another.</summary>
public interface ITransformer : ICanSaveModel
{
    /// <summary>Whether each row of the output depends on one row of the input only.</summary>
    bool IsRowToRowMapper { get; }

    DataViewSchema GetOutputSchema(DataViewSchema inputSchema);

    IDataView Transform(IDataView input);

    /// <summary>Row by row, for one input schema; allowed where <see cref="IsRowToRowMapper"/> holds.</summary>
    IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema);
}
