using Microsoft.ML.Data;
using Microsoft.ML.FeatureMining.MlNet.Columns;

namespace Microsoft.ML.FeatureMining.MlNet.Scoring;

/// <summary>A data view with scores, which are computed while a cursor reads.</summary>
internal sealed class ScoringDataView(IDataView input, ScoringColumns columns, int batchSize) : IDataView
{
    public DataViewSchema Schema => columns.Output;

    public bool CanShuffle => input.CanShuffle;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return new ScoringCursor(InputRows.Open(input, columns.InputsOf(needed), rand), columns, needed, batchSize);
    }

    /// <summary>Returns one cursor: the network already uses all cores for a batch.</summary>
    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}

/// <summary>
/// Reads a batch of rows ahead and scores them together. It buffers the values of all active columns of these rows, so that one pass over the input is enough.
/// </summary>
internal sealed class ScoringCursor : DataViewRowCursor
{
    private readonly DataViewRowCursor _input;
    private readonly ScoringColumns _columns;
    private readonly bool[] _active;
    private readonly ColumnBuffer?[] _buffers;
    private readonly ValueGetter<DataViewRowId> _idGetter;
    private readonly (DataViewRowId Id, long Batch)[] _rows;
    private readonly List<ImageSource> _pending = [];
    private readonly Func<ImageSource>? _readImage;
    private ScoredBatch? _scored;
    private int _count;
    private int _slot = -1;
    private long _position = -1;

    public ScoringCursor(DataViewRowCursor input, ScoringColumns columns, IReadOnlyList<DataViewSchema.Column> needed, int batchSize)
    {
        (_input, _columns) = (input, columns);
        _active = new bool[columns.Output.Count];
        foreach (DataViewSchema.Column column in needed)
        {
            _active[column.Index] = true;
        }

        bool scores = _active.AsSpan(columns.Input.Count).Contains(true);
        int capacity = scores ? batchSize : 1;
        _buffers = [.. columns.Input.Select(column => _active[column.Index] ? ColumnBuffer.Create(input, input.Schema[column.Index], capacity) : null)];
        _rows = new (DataViewRowId, long)[capacity];
        _idGetter = input.GetIdGetter();
        _readImage = scores ? columns.Image.Reader(input) : null;
    }

    public override DataViewSchema Schema => _columns.Output;

    public override long Position => _position;

    public override long Batch => _rows[Current].Batch;

    private int Current => _position >= 0 ? _slot : throw new InvalidOperationException("The cursor is not on a row. Call MoveNext first.");

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[Checked(column)];

    public override bool MoveNext()
    {
        if (_slot + 1 < _count)
        {
            _slot++;
        }
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
        {
            throw new InvalidOperationException($"Column '{column.Name}' is not active in this cursor.");
        }

        Delegate getter = _buffers.ElementAtOrDefault(index)?.Getter(() => Current) ?? _columns.Getter(index, Scored, () => Current);
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' is {column.Type}; its getter cannot return {typeof(TValue)}.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool ReadAhead()
    {
        _scored = null;
        _pending.Clear();
        for (_count = 0; _count < _rows.Length && _input.MoveNext(); _count++)
        {
            foreach (ColumnBuffer? buffer in _buffers)
            {
                buffer?.Keep(_count);
            }

            DataViewRowId id = default;
            _idGetter(ref id);
            _rows[_count] = (id, _input.Batch);
            if (_readImage is not null)
            {
                _pending.Add(_readImage());
            }
        }
        _slot = 0;
        return _count > 0;
    }

    private ScoredBatch Scored() => _scored ??= _columns.Score(_pending);

    private int Checked(DataViewSchema.Column column) =>
        column.Index < _active.Length && Schema[column.Index].Name == column.Name
            ? column.Index
            : throw new ArgumentOutOfRangeException(nameof(column), $"The schema has no column '{column.Name}' at index {column.Index}.");
}

/// <summary>A row with its score, which is computed on first access at each position.</summary>
internal sealed class ScoringRow : DataViewRow
{
    private readonly DataViewRow _input;
    private readonly ScoringColumns _columns;
    private readonly HashSet<int> _active;
    private Func<ImageSource>? _readImage;
    private ScoredBatch? _scored;
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
        {
            throw new InvalidOperationException($"Column '{column.Name}' is not active in this row.");
        }

        if (column.Index < _columns.Input.Count)
        {
            return _input.GetGetter<TValue>(_input.Schema[column.Index]);
        }

        _readImage ??= _columns.Image.Reader(_input);
        return _columns.Getter(column.Index, Scored, () => 0) as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' is {column.Type}; its getter cannot return {typeof(TValue)}.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
        }

        base.Dispose(disposing);
    }

    private ScoredBatch Scored()
    {
        if (_scored is null || _scoredPosition != _input.Position)
        {
            (_scored, _scoredPosition) = (_columns.Score([_readImage!()]), _input.Position);
        }

        return _scored;
    }
}

/// <summary>Scores single rows, for prediction engines.</summary>
internal sealed class ScoringRowMapper(ScoringColumns columns) : IRowToRowMapper
{
    public DataViewSchema InputSchema => columns.Input;

    public DataViewSchema OutputSchema => columns.Output;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) => columns.InputsOf(dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) => new ScoringRow(input, columns, activeColumns);
}

/// <summary>The scores of a batch of rows.</summary>
internal abstract class ScoredBatch;

/// <summary>A model bound to an input schema: the input columns keep their indices; the columns that the model adds follow.</summary>
internal abstract record ScoringColumns(DataViewSchema Input, DataViewSchema Output, ImageColumn Image)
{
    public abstract ScoredBatch Score(IReadOnlyList<ImageSource> rows);

    /// <summary>The getter of an added column.</summary>
    /// <param name="column">Its index in <see cref="Output"/>.</param>
    /// <param name="scored">Returns the batch of the current row, a result of <see cref="Score"/>.</param>
    /// <param name="row">Returns the index of the current row in it.</param>
    public abstract Delegate Getter(int column, Func<ScoredBatch> scored, Func<int> row);

    /// <summary>The input columns that the given output columns depend on.</summary>
    public IReadOnlyList<DataViewSchema.Column> InputsOf(IEnumerable<DataViewSchema.Column> outputs)
    {
        HashSet<int> needed = [];
        foreach (DataViewSchema.Column column in outputs)
        {
            needed.UnionWith(column.Index < Input.Count ? [column.Index] : Image.Columns.Select(input => input.Index));
        }

        return [.. needed.Order().Select(index => Input[index])];
    }
}

/// <summary>The columns of a classifier: PredictedLabel and Score.</summary>
internal sealed record ClassifierColumns(DataViewSchema Input, DataViewSchema Output, ImageColumn Image, RowScorer Scorer, bool IsMultilabel)
    : ScoringColumns(Input, Output, Image)
{
    public override ScoredBatch Score(IReadOnlyList<ImageSource> rows) => Scorer.Score(rows);

    public override Delegate Getter(int column, Func<ScoredBatch> scored, Func<int> row)
    {
        return column > Input.Count ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> score) => Scored().GetScore(row(), ref score))
            : IsMultilabel ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> set) => Scored().GetPredictedSet(row(), ref set))
            : (ValueGetter<uint>)((ref uint label) => label = Scored().GetPredictedLabel(row()));

        ScoredRows Scored() => (ScoredRows)scored();
    }
}
