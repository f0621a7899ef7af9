using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Images;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>
/// Reads a batch of rows ahead and scores them together. The values of all active columns are kept for those rows, so that the input is passed once, in whichever
/// order it comes.
/// </summary>
internal sealed class ScoringCursor : DataViewRowCursor
{
    private readonly DataViewRowCursor _input;
    private readonly ScoringColumns _columns;
    private readonly bool[] _active;
    private readonly ColumnBuffer?[] _buffers;
    private readonly ValueGetter<DataViewRowId> _idGetter;
    private readonly (DataViewRowId Id, long Batch)[] _rows;
    private readonly List<PendingRow> _pending = [];
    private readonly Func<PendingRow>? _readImage;
    private ScoredRows? _scored;
    private int _count;
    private int _slot = -1;
    private long _position = -1;

    public ScoringCursor(DataViewRowCursor input, ScoringColumns columns, IReadOnlyList<DataViewSchema.Column> needed, int batchSize)
    {
        (_input, _columns) = (input, columns);
        _active = new bool[columns.Output.Count];
        foreach (DataViewSchema.Column column in needed)
            _active[column.Index] = true;
        bool scores = _active[columns.PredictedLabel] || _active[columns.Score];
        int capacity = scores ? batchSize : 1;
        _buffers = [.. columns.Input.Select(column => _active[column.Index] ? ColumnBuffer.Create(input, input.Schema[column.Index], capacity) : null)];
        _rows = new (DataViewRowId, long)[capacity];
        _idGetter = input.GetIdGetter();
        _readImage = scores ? ImageReader() : null;
    }

    public override DataViewSchema Schema => _columns.Output;

    public override long Position => _position;

    public override long Batch => _rows[Current].Batch;

    private int Current => _position >= 0 ? _slot : throw new InvalidOperationException("The cursor is on no row.");

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[Checked(column)];

    public override bool MoveNext()
    {
        if (_slot + 1 < _count)
            _slot++;
        else if (!ReadAhead())
        {
            _position = -1;
            return false;
        }
        _position++;
        return true;
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _rows[Current].Id;

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        int index = Checked(column);
        if (!_active[index])
            throw new InvalidOperationException($"Column '{column.Name}' is not active in this cursor.");
        Delegate getter = _buffers.ElementAtOrDefault(index)?.Getter(() => Current) ?? _columns.Getter(index, Scored, () => Current);
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' is {column.Type}; it gives no {typeof(TValue)}.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _input.Dispose();
        base.Dispose(disposing);
    }

    private bool ReadAhead()
    {
        _scored = null;
        _pending.Clear();
        for (_count = 0; _count < _rows.Length && _input.MoveNext(); _count++)
        {
            foreach (ColumnBuffer? buffer in _buffers)
                buffer?.Keep(_count);
            DataViewRowId id = default;
            _idGetter(ref id);
            _rows[_count] = (id, _input.Batch);
            if (_readImage is not null)
                _pending.Add(_readImage());
        }
        _slot = 0;
        return _count > 0;
    }

    private ScoredRows Scored() => _scored ??= _columns.Scorer.Score(_pending);

    private Func<PendingRow> ImageReader()
    {
        (Func<RowImage> image, Func<string?> path) = (_columns.Image.Reader(_input), _columns.Image.PathReader(_input));
        return () => new PendingRow(image(), _input.Position, path());
    }

    private int Checked(DataViewSchema.Column column) => column.Index < _active.Length && Schema[column.Index].Name == column.Name
        ? column.Index
        : throw new ArgumentOutOfRangeException(nameof(column), $"There is no column '{column.Name}' at {column.Index}.");
}
