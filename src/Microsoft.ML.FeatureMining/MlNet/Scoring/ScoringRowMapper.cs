using Microsoft.ML.Data;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>Scores single rows.</summary>
internal sealed class ScoringRowMapper(ScoringColumns columns) : IRowToRowMapper
{
    public DataViewSchema InputSchema => columns.Input;

    public DataViewSchema OutputSchema => columns.Output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => columns.InputsOf(dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new ScoringRow(input, columns, activeColumns);
}
