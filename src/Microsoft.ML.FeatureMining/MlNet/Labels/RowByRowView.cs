namespace Microsoft.ML.FeatureMining.MlNet.Labels;

/// <summary>
/// A data view over another's rows, in their order, by what was decided about each of them before: which are taken, or whose label is another. It has the other's schema.
/// </summary>
internal sealed class RowByRowView : IDataView
{
    private readonly IDataView _source;
    private readonly IReadOnlyList<bool>? _taken;
    private readonly Relabelling? _labels;
    private readonly int _rows;

    private RowByRowView(IDataView source, int rows, IReadOnlyList<bool>? taken, Relabelling? labels)
    {
        (_source, _rows, _taken, _labels) = (source, rows, taken, labels);
    }

    public DataViewSchema Schema => _source.Schema;

    public bool CanShuffle => false;

    public static RowByRowView Select(IDataView source, IReadOnlyList<bool> taken) => new(source, taken.Count, taken, null);

    public static RowByRowView Relabel(IDataView source, Relabelling labels) => new(source, labels.OfRows.Count, null, labels);

    public long? GetRowCount() => _taken?.Count(takes => takes) ?? _rows;

    // In the source's order, always: the decisions are by position.
    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new RowByRowCursor(_source.GetRowCursor(columnsNeeded), _rows, _taken, _labels);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) => [GetRowCursor(columnsNeeded, rand)];
}
