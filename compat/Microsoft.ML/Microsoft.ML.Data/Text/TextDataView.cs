namespace Microsoft.ML.Data;

/// <summary>The lines of a text file as rows.</summary>
internal sealed class TextDataView : IDataView
{
    private readonly string _path;
    private readonly TextFormat _format;
    private readonly TextField[] _fields;

    public TextDataView(string path, TextFormat format, TextField[] fields)
    {
        _path = path;
        _format = format;
        _fields = fields;
        var builder = new DataViewSchema.Builder();
        foreach (TextField field in fields)
            builder.AddColumn(field.Name, field.Type);
        Schema = builder.ToSchema();
    }

    public bool CanShuffle => false;

    public DataViewSchema Schema { get; }

    public long? GetRowCount() => null;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random rand = null) => new Cursor(this, columnsNeeded);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random rand = null) => [GetRowCursor(columnsNeeded)];

    private sealed class Cursor : RootCursor
    {
        private readonly TextDataView _view;
        private readonly StreamReader _reader;
        private List<string> _current;
        private int _line;

        public Cursor(TextDataView view, IEnumerable<DataViewSchema.Column> columnsNeeded)
            : base(view.Schema, columnsNeeded)
        {
            _view = view;
            _reader = new StreamReader(view._path);
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId value) => value = new DataViewRowId((ulong)Position, 0);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ColumnSets.CheckActive(this, column);
            TextField field = _view._fields[column.Index];
            string method = field.Type is VectorDataViewType ? nameof(Vector) : nameof(Scalar);
            return Getters.Cast<TValue>((Delegate)Getters.Generic(typeof(Cursor), method, [ColumnTypes.ItemOf(field.Type).RawType], this, field));
        }

        protected override bool MoveNextCore()
        {
            while (_reader.ReadLine() is { } line)
            {
                bool header = _view._format.HasHeader && _line == 0;
                _line++;
                if (header || !TextFormat.IsRow(line))
                    continue;
                _current = _view._format.Split(line);
                return true;
            }

            return false;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                _reader.Dispose();
            base.Dispose(disposing);
        }

        private static ValueGetter<T> Scalar<T>(Cursor cursor, TextField field) => (ref T value) => value = cursor.Parse<T>(field, 0);

        private static ValueGetter<VBuffer<T>> Vector<T>(Cursor cursor, TextField field) => (ref VBuffer<T> value) =>
        {
            VBufferEditor<T> editor = VBufferEditor.Create(ref value, field.Count);
            for (int i = 0; i < field.Count; i++)
                editor.Values[i] = cursor.Parse<T>(field, i);
            value = editor.Commit();
        };

        private T Parse<T>(TextField field, int slot)
        {
            CheckOnRow();
            int index = field.First + slot;
            return TextValues.Parse<T>(index < _current.Count ? _current[index] : "", _line, field.Name);
        }
    }
}
