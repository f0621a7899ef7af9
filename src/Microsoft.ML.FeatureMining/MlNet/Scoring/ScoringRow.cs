using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>A row and its score, computed when it is first asked for at a position.</summary>
internal sealed class ScoringRow : DataViewRow
{
    private readonly DataViewRow _input;
    private readonly ScoringColumns _columns;
    private readonly HashSet<int> _active;
    private Func<PendingRow>? _read;
    private ScoredRows? _scored;
    private long _scoredPosition;

    public ScoringRow(DataViewRow input, ScoringColumns columns, IEnumerable<DataViewSchema.Column> active)
    {
        (_input, _columns) = (input, columns);
        _active = [.. active.Select(column => column.Index)];
    }

    public override DataViewSchema Schema => _columns.Output;

    public override long Position => _input.Position;

    public override long Batch => _input.Batch;

    public override bool IsColumnActive(DataViewSchema.Column column) => _active.Contains(column.Index);

    public override ValueGetter<DataViewRowId> GetIdGetter() => _input.GetIdGetter();

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!IsColumnActive(column))
            throw new InvalidOperationException($"Column '{column.Name}' is not active in this row.");
        if (column.Index < _columns.Input.Count)
            return _input.GetGetter<TValue>(_input.Schema[column.Index]);
        _read ??= ImageReader();
        return _columns.Getter(column.Index, Scored, () => 0) as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' is {column.Type}; it gives no {typeof(TValue)}.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _input.Dispose();
        base.Dispose(disposing);
    }

    private ScoredRows Scored()
    {
        if (_scored is null || _scoredPosition != _input.Position)
            (_scored, _scoredPosition) = (_columns.Scorer.Score([_read!()]), _input.Position);
        return _scored;
    }

    private Func<PendingRow> ImageReader()
    {
        (Func<RowImage> image, Func<string?> path) = (_columns.Image.Reader(_input), _columns.Image.PathReader(_input));
        return () => new PendingRow(image(), _input.Position, path());
    }
}
