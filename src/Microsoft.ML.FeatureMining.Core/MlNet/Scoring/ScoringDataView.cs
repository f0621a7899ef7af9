using System.Runtime.ExceptionServices;
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
/// Reads rows in batches. While a batch is scored, the images of the next one are decoded. It buffers the values of all active columns of these rows, so that
/// one pass over the input is enough.
/// </summary>
internal sealed class ScoringCursor : DataViewRowCursor
{
    private readonly DataViewRowCursor _input;
    private readonly ScoringColumns _columns;
    private readonly bool[] _active;
    private readonly ColumnBuffer?[] _buffers;
    private readonly ValueGetter<DataViewRowId> _idGetter;
    private readonly (DataViewRowId Id, long Batch)[] _rows;
    private readonly Func<ImageSource>? _readImage;
    private RowBatch _batch;
    private RowBatch _next;
    private int _row = -1;
    private long _position = -1;
    private bool _isAtEnd;
    private ExceptionDispatchInfo? _failure;

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
        _batch = new RowBatch(0, capacity);
        _next = new RowBatch(capacity, capacity);
        _buffers = [.. columns.Input.Select(column => _active[column.Index] ? ColumnBuffer.Create(input, input.Schema[column.Index], 2 * capacity) : null)];
        _rows = new (DataViewRowId, long)[2 * capacity];
        _idGetter = input.GetIdGetter();
        _readImage = scores ? columns.Image.Reader(input) : null;
    }

    public override DataViewSchema Schema => _columns.Output;

    public override long Position => _position;

    public override long Batch => _rows[Slot].Batch;

    private int Slot => _batch.First + Row;

    private int Row => _position >= 0 ? _row : throw new InvalidOperationException("The cursor is not on a row. Call MoveNext first.");

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[Checked(column)];

    public override bool MoveNext()
    {
        if (++_row >= _batch.Count)
        {
            (_batch, _next) = (_next, _batch);
            _next.Clear();
            Fill(_batch);
            _row = 0;
        }

        bool found = _row < _batch.Count;
        _position = found ? _position + 1 : -1;
        if (!found)
        {
            _failure?.Throw();
        }

        return found;
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _rows[Slot].Id;

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        int index = Checked(column);
        if (!_active[index])
        {
            throw new InvalidOperationException($"Column '{column.Name}' is not active in this cursor.");
        }

        Delegate getter = _buffers.ElementAtOrDefault(index)?.Getter(() => Slot) ?? _columns.Getter(index, Scored, () => Row);
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' is {column.Type}; its getter cannot return {typeof(TValue)}.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // No image is read after this.
            _batch.WaitForImages();
            _next.WaitForImages();
            _input.Dispose();
        }

        base.Dispose(disposing);
    }

    // Does nothing if the batch is full.
    private void Fill(RowBatch batch)
    {
        try
        {
            while (!_isAtEnd && batch.Count < batch.Capacity)
            {
                _isAtEnd = !_input.MoveNext();
                if (!_isAtEnd)
                {
                    Keep(batch.First + batch.Count);
                    batch.Add(_readImage?.Invoke());
                }
            }
        }
        // Thrown when the rows before this one have been read.
        catch (Exception e)
        {
            _isAtEnd = true;
            _failure = ExceptionDispatchInfo.Capture(e);
        }
    }

    private void Keep(int slot)
    {
        foreach (ColumnBuffer? buffer in _buffers)
        {
            buffer?.Keep(slot);
        }

        DataViewRowId id = default;
        _idGetter(ref id);
        _rows[slot] = (id, _input.Batch);
    }

    private ScoredBatch Scored()
    {
        _ = Row;
        if (_batch.Scored is null)
        {
            Func<ScoredBatch> score = _batch.Decoded(_columns);
            // With batches of one row, a caller expects the score before the next row is read.
            if (_batch.Capacity > 1)
            {
                Fill(_next);
            }

            if (_next.Count > 0)
            {
                _next.StartDecoding(_columns);
            }

            _batch.Scored = score();
        }

        return _batch.Scored;
    }

    private int Checked(DataViewSchema.Column column) =>
        column.Index < _active.Length && Schema[column.Index].Name == column.Name
            ? column.Index
            : throw new ArgumentOutOfRangeException(nameof(column), $"The schema has no column '{column.Name}' at index {column.Index}.");
}

/// <summary>Rows that a cursor has read, in consecutive slots.</summary>
/// <param name="first">The first slot.</param>
/// <param name="capacity">The maximum number of rows.</param>
internal sealed class RowBatch(int first, int capacity)
{
    private readonly List<ImageSource> _images = [];
    private Task<Func<ScoredBatch>>? _decoding;

    public int First => first;

    public int Capacity => capacity;

    public int Count { get; private set; }

    public ScoredBatch? Scored { get; set; }

    public void Add(ImageSource? image)
    {
        Count++;
        if (image is not null)
        {
            _images.Add(image);
        }
    }

    /// <summary>Decodes the images on other threads.</summary>
    public void StartDecoding(ScoringColumns columns) => _decoding ??= Task.Run(() => columns.Decode(_images));

    /// <summary>The decoded images, as a function that scores them.</summary>
    public Func<ScoredBatch> Decoded(ScoringColumns columns) => _decoding is null ? columns.Decode(_images) : _decoding.GetAwaiter().GetResult();

    /// <summary>Waits until no image is being decoded.</summary>
    public void WaitForImages()
    {
        // What was decoded, or why it was not, is not needed any more.
        if (_decoding is not null)
        {
            Task.WaitAny(_decoding);
            _ = _decoding.Exception;
        }
    }

    public void Clear()
    {
        WaitForImages();
        _images.Clear();
        (Count, Scored, _decoding) = (0, null, null);
    }
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
            (_scored, _scoredPosition) = (_columns.Decode([_readImage!()])(), _input.Position);
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
    /// <summary>Decodes the images of rows, on all cores.</summary>
    /// <returns>Scores them.</returns>
    public abstract Func<ScoredBatch> Decode(IReadOnlyList<ImageSource> rows);

    /// <summary>The getter of an added column.</summary>
    /// <param name="column">Its index in <see cref="Output"/>.</param>
    /// <param name="scored">Returns the batch of the current row, a result of <see cref="Decode"/>.</param>
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
    public override Func<ScoredBatch> Decode(IReadOnlyList<ImageSource> rows) => Scorer.Decode(rows);

    public override Delegate Getter(int column, Func<ScoredBatch> scored, Func<int> row)
    {
        return column > Input.Count ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> score) => Scored().GetScore(row(), ref score))
            : IsMultilabel ? (ValueGetter<VBuffer<float>>)((ref VBuffer<float> set) => Scored().GetPredictedSet(row(), ref set))
            : (ValueGetter<uint>)((ref uint label) => label = Scored().GetPredictedLabel(row()));

        ScoredRows Scored() => (ScoredRows)scored();
    }
}
