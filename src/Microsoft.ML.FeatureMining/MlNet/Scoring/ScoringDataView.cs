namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>Rows with their scores, computed as cursors pass.</summary>
internal sealed class ScoringDataView(IDataView input, ScoringColumns columns, int batchSize) : IDataView
{
    public DataViewSchema Schema => columns.Output;

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return new ScoringCursor(input.GetRowCursor(columns.InputsOf(needed), rand), columns, needed, batchSize);
    }

    /// <summary>One cursor: the work is in the network, which uses all cores for a batch as it is.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];
}
